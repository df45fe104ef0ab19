"""The web service: readings in, alerts out."""

import os

from flask import Flask, jsonify, request

from greenhouse.alerts import alerts_for
from greenhouse.sensors import Reading, parse_reading

app = Flask(__name__)
readings = []


@app.post("/readings")
def add_reading():
    try:
        reading = parse_reading(request.get_data(as_text=True))
    except ValueError as error:
        return jsonify(error=str(error)), 400
    readings.append(reading)
    return jsonify(sensor=reading.sensor), 201


@app.get("/alerts")
def list_alerts():
    limit = float(os.environ.get("MAX_CELSIUS", "35"))
    return jsonify(alerts_for(readings, limit))
