"""What the gardener has to know."""

from greenhouse.sensors import Reading


def alerts_for(readings, limit):
    """The names of the sensors that last measured more than a limit.

    :param readings: in the order they came in
    :param limit: degrees Celsius
    :returns: names in alphabetical order, each once
    """
    latest = {reading.sensor: reading for reading in readings}
    return sorted(name for name, reading in latest.items() if reading.celsius >= limit)


def drying_out(readings, hours):
    """The sensors whose humidity fell in every one of the last hours.

    TODO: how many readings make an hour? The sensors send every few minutes.
    """
    raise NotImplementedError
