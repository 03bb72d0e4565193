"""The maker's procedure by pymodbus as the client, against whatever meter is there (DOMAIN.md §2).

Prints all that it read as JSON. Any answer that pymodbus takes for an error ends it with a traceback.
"""

import argparse
import json

from pymodbus.client import ModbusSerialClient, ModbusTcpClient
from pymodbus.framer import FramerType


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("transport", choices=["tcp", "rtu-over-tcp", "rtu"])
    parser.add_argument("place", help="a port of 127.0.0.1, or a device")
    parser.add_argument("unit", type=int)
    parser.add_argument("words", type=json.loads, help="28 words to be preset")
    arguments = parser.parse_args()

    patience = {"timeout": 5, "retries": 0}
    if arguments.transport == "rtu":
        client = ModbusSerialClient(arguments.place, framer=FramerType.RTU, baudrate=19200, **patience)
    else:
        framer = FramerType.RTU if arguments.transport == "rtu-over-tcp" else FramerType.SOCKET
        client = ModbusTcpClient("127.0.0.1", port=int(arguments.place), framer=framer, **patience)
    assert client.connect()

    def checked(answer):
        assert not answer.isError(), answer
        return answer

    def read(register, count):
        return checked(client.read_holding_registers(register - 1, count=count, device_id=arguments.unit)).registers

    def write(register, words):
        checked(client.write_registers(register - 1, words, device_id=arguments.unit))

    said = {"serial": read(3017, 2), "before": read(1700, 28)}
    write(8022, arguments.words)
    write(8017, [8020, 8021, 8022, 0, 4242])
    said["buffer"] = read(8017, 33)
    checked(client.write_register(8000 - 1, 6209, device_id=arguments.unit))
    said["result"] = read(8021, 1)
    said["after"] = read(1700, 28)
    refused = client.read_holding_registers(0, count=1, device_id=arguments.unit)
    said["exception"] = refused.exception_code
    client.close()
    print(json.dumps(said))


main()
