(() => {
  "use strict";
  const at = (id) => document.getElementById(id);
  const [form, text, outcome, count] = ["filter", "filter-text", "filter-outcome", "filter-count"].map(at);
  const rows = [...at("rows").rows];
  const certificates = [...document.querySelectorAll(".cert")];
  const words = rows.map((row) => row.textContent.toLowerCase());
  const apply = () => {
    const wanted = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    rows.forEach((row, place) => {
      const fits = (!outcome.value || row.dataset.o === outcome.value) && wanted.every((word) => words[place].includes(word));
      row.hidden = certificates[place].hidden = !fits;
      shown += fits;
    });
    count.textContent = shown === rows.length ? `all ${rows.length} shown` : `${shown} of ${rows.length} shown`;
  };
  text.addEventListener("input", apply);
  outcome.addEventListener("change", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  addEventListener("beforeprint", () => document.querySelectorAll(".cert:not([hidden]) details").forEach((one) => { one.open = true; }));
  form.hidden = false;
  apply();
})();
