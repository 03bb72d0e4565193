"""Two meters behind a pymodbus server: an old CM4000 at unit 1 and its replacement, a PM800, at unit 2.

Written from the maker's procedure (DOMAIN.md §1, §2, §4), apart from the Rust simulator. Prints `ready` and where it
is, answers every line `dump` on stdin with all that happened, as one line of JSON, and ends with stdin.
"""

import argparse
import asyncio
import json
import logging
import sys

from pymodbus.constants import ExcCodes
from pymodbus.framer import FramerType
from pymodbus.server import ModbusSerialServer, ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

COMMAND, CODE_AT, RESULT_AT, DATA_AT = 8000, 8017, 8018, 8019
ENERGIES, SERIAL, MAILBOX = range(1700, 1728), range(3017, 3019), range(8000, 8150)
PRESET, DONE, INVALID_COMMAND, INVALID_PARAMETERS = 6209, 0, 81, 82


class Meter:
    """Registers by their printed numbers, and the command that they start."""

    def __init__(self, serial, energies):
        self.registers = dict.fromkeys(MAILBOX, 0)
        self.registers |= zip(ENERGIES, energies, strict=True)
        self.registers |= zip(SERIAL, (serial & 0xFFFF, serial >> 16), strict=True)
        self.writes, self.commands = [], []

    def write(self, first, words):
        self.writes.append([first, len(words)])
        if first not in MAILBOX or first + len(words) - 1 not in MAILBOX:
            return ExcCodes.ILLEGAL_ADDRESS
        self.registers |= zip(range(first, first + len(words)), words)
        if COMMAND in range(first, first + len(words)):
            self.obey(self.registers[COMMAND])
        return None

    def obey(self, code):
        data = self.registers[DATA_AT]
        words = [self.registers.get(register, 0x8000) for register in range(data, data + len(ENERGIES))]
        result = INVALID_COMMAND
        if code == PRESET:
            fits = all(abs(word - 0x10000 if word & 0x8000 else word) <= 9999 for word in words)
            result = DONE if fits else INVALID_PARAMETERS
        if result == DONE:
            self.registers |= zip(ENERGIES, words, strict=True)
        self.commands.append([code, result])
        for pointer, word in ((CODE_AT, code), (RESULT_AT, result)):
            if self.registers[pointer] in MAILBOX:
                self.registers[self.registers[pointer]] = word

    def dump(self):
        return {
            "energies": [self.registers[register] for register in ENERGIES],
            "writes": self.writes,
            "commands": self.commands,
        }


class Bus:
    """What pymodbus asks for registers. One answer may be late: obeyed at once, said after so many seconds."""

    def __init__(self, meters, late):
        self.meters, self.late, self.requests = meters, late, 0

    def device_ids(self):
        return list(self.meters)

    async def async_getValues(self, unit, function, address, count=1):
        meter = self.meters.get(unit)
        if meter is None:
            return ExcCodes.GATEWAY_NO_RESPONSE
        first = address + 1
        # An echo of function 06 is read back, too: it is no request.
        self.requests += function == 3
        try:
            words = [meter.registers[register] for register in range(first, first + count)]
        except KeyError:
            return ExcCodes.ILLEGAL_ADDRESS
        if function == 3:
            await self.wait(f"read:{unit}:{first}")
        return words

    async def async_setValues(self, unit, function, address, words):
        meter = self.meters.get(unit)
        if meter is None:
            return ExcCodes.GATEWAY_NO_RESPONSE
        self.requests += 1
        refused = meter.write(address + 1, words)
        await self.wait(f"write:{unit}:{address + 1}")
        return refused

    async def wait(self, request):
        if self.late and self.late[0] == request:
            seconds, self.late = self.late[1], None
            await asyncio.sleep(seconds)

    def dump(self):
        meters = {unit: meter.dump() for unit, meter in self.meters.items()}
        return {"late": self.late, "requests": self.requests, "meters": meters}


def late(text):
    request, seconds = text.split("=")
    return request, float(seconds)


async def main():
    # It complains when the client has left before a late answer: that is what is tried here.
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
    parser = argparse.ArgumentParser()
    parser.add_argument("transport", choices=["tcp", "rtu-over-tcp", "rtu"])
    parser.add_argument("--device", help="for rtu")
    parser.add_argument("--energies", type=json.loads, required=True, help="28 words of the old meter")
    parser.add_argument("--late", type=late, help="read|write:UNIT:REGISTER=SECONDS, the first such request")
    arguments = parser.parse_args()

    bus = Bus({1: Meter(40000001, arguments.energies), 2: Meter(11000002, [0] * 28)}, arguments.late)
    # Wanted by the server's constructor, and replaced before it serves.
    stand_in = SimDevice(1, [SimData(0, values=0, datatype=DataType.REGISTERS)])
    on_a_line = {"framer": FramerType.RTU, "ignore_missing_devices": True}
    if arguments.transport == "rtu":
        server = ModbusSerialServer(stand_in, port=arguments.device, baudrate=19200, **on_a_line)
    else:
        framing = on_a_line if arguments.transport == "rtu-over-tcp" else {}
        server = ModbusTcpServer(stand_in, address=("127.0.0.1", 0), **framing)
    server.context = bus
    await server.serve_forever(background=True)
    place = arguments.device or server.transport.sockets[0].getsockname()[1]
    print("ready", place, flush=True)

    loop = asyncio.get_running_loop()
    while await loop.run_in_executor(None, sys.stdin.readline):
        print(json.dumps(bus.dump()), flush=True)
    await server.shutdown()


asyncio.run(main())
