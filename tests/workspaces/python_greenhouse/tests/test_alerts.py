import unittest

from greenhouse.alerts import alerts_for
from greenhouse.sensors import Reading


class AlertsForTest(unittest.TestCase):
    def test_no_reading_gives_no_alert(self):
        self.assertEqual(alerts_for([], 35), [])
