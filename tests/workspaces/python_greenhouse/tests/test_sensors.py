import unittest

from greenhouse.sensors import Reading, parse_reading


class ParseReadingTest(unittest.TestCase):
    def test_a_line_becomes_a_reading(self):
        self.assertEqual(parse_reading("bed1;21.5;60\n"), Reading("bed1", 21.5, 60.0))

    def test_a_missing_part_is_refused(self):
        with self.assertRaises(ValueError):
            parse_reading("bed1;21.5")
