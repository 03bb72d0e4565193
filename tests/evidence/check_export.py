"""Computes the chain of `meterferry ledger export` anew, from the words of README.md ("The ledger") alone.

    meterferry ledger export | python3 check_export.py [N:DIGEST]

Prints the head it comes to. Exits with 1 at the first line that does not fit, or if N:DIGEST is not in the chain.
"""

import hashlib
import json
import sys


def digest(before: bytes, *fields: str) -> bytes:
    hashed = hashlib.sha256(before)
    for field in fields:
        octets = field.encode()
        hashed.update(len(octets).to_bytes(8, "big") + octets)
    return hashed.digest()


def main() -> None:
    kept = sys.argv[1] if len(sys.argv) > 1 else None
    number, last, seen, ended = 0, b"", set(), False
    for raw in sys.stdin.buffer:
        line = json.loads(raw)
        if ended:
            sys.exit("a line after the head")
        if line["type"] == "ledger":
            words = [line[name] for name in ("kind", "created_at", "id", "tool_version")]
            last = digest(b"", "meterferry ledger", str(line["format"]), *words)
        elif line["type"] == "fact":
            # The text is hashed as it stands in the line: everything after the first `,"fact":` but the last brace.
            text = raw.rstrip(b"\n").split(b',"fact":', 1)[1][:-1].decode()
            names = ("campaign", "transfer", "seq", "at", "run", "kind", "version")
            number += 1
            last = digest(last, *(str(line[name]) for name in names), text)
        elif line["type"] == "head":
            ended = True
        if line.get("number", line.get("facts", 0)) != number or line["digest"] != last.hex():
            sys.exit(f"fact {number} does not fit: expected {last.hex()}")
        seen.add(f"{number}:{last.hex()}")
    if not ended:
        sys.exit("the export is not whole")
    if kept is not None and kept not in seen:
        sys.exit(f"{kept} is not in the chain")
    print(f"{number}:{last.hex()}")


main()
