"""Readings as the sensors send them."""

from collections import namedtuple

Reading = namedtuple("Reading", "sensor celsius humidity")

LOWEST, HIGHEST = -40.0, 85.0


def parse_reading(line):
    """Read one line of a sensor.

    :param line: ``name;celsius;humidity``, humidity in percent
    :returns: a :class:`Reading`
    :raises ValueError: a part is missing or no number, or a value is outside of what the sensor can measure
    """
    name, celsius, humidity = line.strip().split(";")
    reading = Reading(name, float(celsius), float(humidity))
    if not LOWEST <= reading.celsius <= HIGHEST:
        raise ValueError(f"{name}: {reading.celsius} degrees cannot be measured")
    return reading
