"""A profile written out as words, and read again."""

import pytest

from trunkline.model.profile import STANDARD
from trunkline.services import profiles

WORDS = [
    "vendor_tlvs=route:0x1401:cstring",
    "vendor_tlvs=cost:0x1402:uint32",
    "status_map=OK:DELIVRD,KO:UNDELIV",
    "error_actions=ESME_RSYSERR:slow",
    "receipt_patterns=Message {id} is {stat}",
    "slow_at_congestion=70",
    "interface_version=80",
    "service_type=WAP",
    "validity=absolute",
    "data_codings=ucs2:24",
    "eight_bit=yes",
    "languages=turkish",
    "forward_cancel=no",
]


def test_all_of_it_comes_back() -> None:
    profile = profiles.assign(STANDARD, WORDS)
    assert profiles.words(STANDARD) == []
    assert set(profiles.words(profile)) == set(WORDS)
    assert profiles.assign(STANDARD, profiles.words(profile)) == profile


@pytest.mark.parametrize("word", WORDS)
def test_each_by_itself(word: str) -> None:
    assert profiles.words(profiles.assign(STANDARD, [word])) == [word]


def test_secrets_are_left_out_and_stay() -> None:
    profile = profiles.assign(STANDARD, ["outbind_password=s3cret", "outbind_port=2776"])
    assert profiles.words(profile) == ["outbind_port=2776"]
    bare = profiles.bare(profile)
    assert (bare.outbind_password, bare.outbind_port) == ("s3cret", 0)
