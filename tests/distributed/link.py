"""Two machines: network namespaces, and a link between them with a rate and a delay.

As a program: link.py NAME NAME is a link between two network devices that it makes. It prints a line when they are there. A line on
its standard input, "BITS_PER_SECOND SECONDS", says what the link is like from then on, and is answered with a line. It ends when its
input ends.
"""
import collections
import fcntl
import os
import select
import struct
import subprocess
import sys
import time

LARGEST_PACKET = 65535


def ip(*words, check=True):
    return subprocess.run(["ip", *words], check=check, capture_output=True, text=True)


class Machines:
    """The namespaces `names` with these addresses, connected at eth0. Needs root and iproute2."""

    def __init__(self, names, addresses):
        self.names, self.addresses = names, addresses
        self.relay = None
        self.has_delay = True

    def begin(self):
        for name in self.names:
            ip("netns", "add", name)
            ip("-n", name, "link", "set", "lo", "up")
        self.connect_by_veth()
        if not self.shape_queues("netem", "rate", "1gbit", "delay", "1ms"):
            ip("-n", self.names[0], "link", "delete", "eth0")
            self.has_delay = self.connect_by_relay()
            if not self.has_delay:
                self.connect_by_veth()

    def connect_by_veth(self):
        ip("link", "add", "eth0", "netns", self.names[0], "type", "veth", "peer", "name", "eth0", "netns", self.names[1])
        self.begin_addresses()

    def connect_by_relay(self):
        """False: there are no TUN devices."""
        devices = [f"rv{os.getpid()}{end}" for end in "ab"]
        self.relay = subprocess.Popen([sys.executable, __file__, *devices], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                      start_new_session=True)  # Ctrl-C is for the tests, which end it
        if not self.relay.stdout.readline():
            self.end_relay()
            return False
        for device, name in zip(devices, self.names):
            ip("link", "set", device, "netns", name, "name", "eth0", "mtu", str(LARGEST_PACKET))
        self.begin_addresses()
        return True

    def begin_addresses(self):
        for name, address in zip(self.names, self.addresses):
            ip("-n", name, "address", "add", address + "/24", "dev", "eth0")
            ip("-n", name, "link", "set", "eth0", "up")

    def shape(self, megabits, milliseconds):
        """What the link is in both directions from here on, in words. Without netem and TUN devices, it has no delay."""
        words = f"{megabits} Mbit/s, {milliseconds} ms"
        if self.relay:
            print(megabits * 1_000_000, milliseconds / 1000, file=self.relay.stdin, flush=True)
            assert self.relay.stdout.readline(), "the relay has ended"
            return words + ", by TUN devices"
        rate = f"{megabits}mbit"
        if self.shape_queues("netem", "rate", rate, "delay", f"{milliseconds}ms"):
            return words
        if self.shape_queues("tbf", "rate", rate, "burst", "4mbit" if megabits > 100 else "128kbit", "latency", "400ms"):
            return f"{megabits} Mbit/s, without a delay, since there are neither netem nor TUN devices"
        return "as fast as the machine, since there are neither netem, TUN devices nor tbf"

    def shape_queues(self, *words):
        return all(subprocess.run(["tc", "-n", name, "qdisc", "replace", "dev", "eth0", "root", *words],
                                  capture_output=True).returncode == 0 for name in self.names)

    def end_relay(self):
        self.relay.stdin.close()
        self.relay.stdout.close()
        self.relay.wait()
        self.relay = None

    def end(self):
        if self.relay:
            self.end_relay()
        for name in self.names:
            ip("netns", "delete", name, check=False)


def tun_device(name):
    """What is sent into the device can be read, and what is written arrives from it."""
    set_interface, tun, no_information = 0x400454CA, 0x0001, 0x1000  # of linux/if_tun.h
    descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(descriptor, set_interface, struct.pack("16sH22x", name.encode(), tun | no_information))
    return descriptor


class Way:
    """One direction of the link: packets follow one another at its rate, and arrive after its delay."""

    def __init__(self, source, target):
        self.source, self.target = source, target
        self.under_way = collections.deque()  # when it arrives, and the packet
        self.free = 0.0  # when the last one has left

    def take(self, rate, delay):
        try:
            packet = os.read(self.source, LARGEST_PACKET)
        except OSError:  # none, or the device is down
            return
        self.free = max(self.free, time.monotonic()) + 8 * len(packet) / rate
        self.under_way.append((self.free + delay, packet))

    def deliver(self):
        while self.under_way and self.under_way[0][0] <= time.monotonic():
            _, packet = self.under_way.popleft()
            try:
                os.write(self.target, packet)
            except OSError:
                pass  # the device is down, and the packet is lost


def relay(names):
    devices = [tun_device(name) for name in names]
    ways = [Way(devices[0], devices[1]), Way(devices[1], devices[0])]
    rate, delay = 1e9, 0.001
    print("ready", flush=True)
    while True:
        due = [way.under_way[0][0] for way in ways if way.under_way]
        patience = max(0.0, min(due) - time.monotonic()) if due else None
        readable, _, _ = select.select([0, *devices], [], [], patience)
        for way in ways:
            if way.source in readable:
                way.take(rate, delay)
            way.deliver()
        if 0 in readable:
            line = sys.stdin.readline()
            if not line:
                return
            rate, delay = map(float, line.split())
            print("done", flush=True)


if __name__ == "__main__":
    relay(sys.argv[1:])
