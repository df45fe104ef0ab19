"""The budget of a prompt follows what the endpoint really counts."""

from __future__ import annotations

from fakes.connection import endpoint_at
from rolecall.llm.calibration import LEAST, MARGIN, MOST, UNKNOWN, Calibration

HERE = endpoint_at("http://127.0.0.1:1/v1", model="m")


def learnt(*counts: int, estimated: int = 1_000) -> float:
    calibration = Calibration()
    for counted in counts:
        calibration.learn(HERE, estimated=estimated, counted=counted)
    return calibration.factor(HERE)


def test_an_unknown_model_gets_a_margin():
    assert Calibration().factor(HERE) == UNKNOWN > 1


def test_a_count_above_the_estimate_is_believed_at_once():
    assert learnt(900, 2_000) == 2.0 * MARGIN


def test_a_count_below_is_believed_little_by_little():
    after_one, after_many = learnt(2_000, 1_000), learnt(2_000, *[1_000] * 30)
    assert 1.6 * MARGIN < after_one < 2.0 * MARGIN
    assert abs(after_many - MARGIN) < 0.01


def test_small_prompts_and_absurd_counts_teach_nothing_harmful():
    assert learnt(5_000, estimated=50) == UNKNOWN
    assert learnt(0) == UNKNOWN
    assert learnt(10**9) == MOST * MARGIN
    assert learnt(1) == LEAST * MARGIN


def test_models_do_not_learn_from_each_other():
    calibration = Calibration()
    calibration.learn(HERE, estimated=1_000, counted=4_000)
    assert calibration.factor(endpoint_at("http://127.0.0.1:1/v1", model="other")) == UNKNOWN
    assert calibration.factor(endpoint_at("http://127.0.0.1:2/v1", model="m")) == UNKNOWN
    assert calibration.snapshot() == [
        {"origin": "http://127.0.0.1:1", "model": "m", "tokens_per_estimated": 4.0}
    ]


def test_memory_is_bounded():
    calibration = Calibration()
    for number in range(1_500):
        calibration.learn(endpoint_at("http://h:1/v1", model=str(number)), estimated=500, counted=500)
    assert len(calibration.snapshot()) == 1_000
