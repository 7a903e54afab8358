import dataclasses
from pathlib import Path

import pytest

from trunkline.simulator.rules import ScenarioError
from trunkline.simulator.scenario import DESCRIPTIONS, Scenario, parse_flags


def test_default_is_a_well_behaved_smsc() -> None:
    scenario = Scenario()

    assert scenario.error_share == scenario.failed_share == scenario.missing_share == 0
    assert scenario.throughput == scenario.drop_link_every == scenario.max_binds == 0
    assert scenario.bind_refuse is None
    assert scenario.credentials == {}


def test_every_key_is_described() -> None:
    assert set(DESCRIPTIONS) == {field.name for field in dataclasses.fields(Scenario)}
    assert all(DESCRIPTIONS.values())


def test_file_and_flags(tmp_path: Path) -> None:
    path = tmp_path / "bad-day.toml"
    path.write_text(
        'seed = 7\nerror_share = 0.25\nerror_status = "ESME_RMSGQFUL"\nresponse_delay_ms = 20\n'
        'receipt_tlvs = false\nbind_refuse = 13\nsupports = ["query_sm"]\n'
        '[credentials]\nalice = "secret"\n[error_numbers]\n49 = "ESME_RTHROTTLED"\n44 = 11\n',
        "utf-8",
    )

    scenario = Scenario.load(path, ["error-share=0.5", "drop_link_every=100", "receipts=early"])

    assert scenario.seed == 7
    assert scenario.error_share == 0.5  # a flag goes before the file
    assert scenario.error_status == 0x14
    assert scenario.response_delay_ms == 20
    assert scenario.receipt_tlvs is False
    assert scenario.bind_refuse == 13
    assert scenario.credentials == {"alice": "secret"}
    assert scenario.supports == ("query_sm",)
    assert scenario.error_numbers == {"49": 0x58, "44": 11}
    assert scenario.drop_link_every == 100
    assert scenario.receipts == "early"


@pytest.mark.parametrize(
    ("flag", "value"),
    [
        ("seed=12", {"seed": 12}),
        ("throughput=1.5", {"throughput": 1.5}),
        ("receipt_tlvs=False", {"receipt_tlvs": False}),
        ("bind_refuse=none", {"bind_refuse": None}),
        ("supports=query_sm, cancel_sm", {"supports": ("query_sm", "cancel_sm")}),
        ("supports=", {"supports": ()}),
        (
            "error_numbers=49:0x0b,44:ESME_RTHROTTLED",
            {"error_numbers": {"49": "0x0b", "44": "ESME_RTHROTTLED"}},
        ),
        ("receipt_esm_class=0x44", {"receipt_esm_class": 0x44}),
        ("receipt_data_coding=none", {"receipt_data_coding": None}),
        ("failed_err=00A", {"failed_err": "00A"}),
        ("credentials=alice:a=b,bob:", {"credentials": {"alice": "a=b", "bob": ""}}),
        ("credentials=", {"credentials": {}}),
    ],
)
def test_flags_are_typed(flag: str, value: dict[str, object]) -> None:
    assert parse_flags([flag]) == value


@pytest.mark.parametrize(("text", "status"), [("esme_rthrottled", 0x58), ("0x64", 0x64), ("100", 100)])
def test_status_by_name_or_number(text: str, status: int) -> None:
    assert Scenario.load(flags=[f"error_status={text}"]).error_status == status


@pytest.mark.parametrize(
    ("flags", "fault"),
    [
        (["nonsense=1"], "unknown key nonsense"),
        (["error_share"], "must have the form key=value"),
        (["error_share=1.5"], "error_share must be between 0 and 1, not 1.5"),
        (["error_share=nan"], "error_share must be between 0 and 1"),
        (["error_share=much"], "error_share must be a number, not 'much'"),
        (["seed=1.5"], "seed must be a whole number, not '1.5'"),
        (["throughput=-1"], "throughput must be between 0 and"),
        (["receipt_window=0"], "receipt_window must be between 1 and"),
        (["receipts=never"], "receipts must be one of normal, early, not 'never'"),
        (["receipt_tlvs=maybe"], "receipt_tlvs must be true or false, not 'maybe'"),
        (["error_status=ESME_ROK"], "error_status must be between 1 and"),
        (["error_status=ESME_NO"], "error_status must be a command_status such as"),
        (["error_status=none"], "error_status must be a command_status such as"),
        (["credentials=alice"], "credentials must have the form system_id:password"),
        (["response_id_format=uuid"], "must both be uuid, or neither"),
        (["failed_err=a b"], "failed_err must be letters and digits"),
        (["failed_stat="], "failed_stat must be letters and digits"),
        (["receipt_template={id} {name}"], "receipt_template has no field name, only dlvrd, done, err"),
        (["receipt_template={id"], "receipt_template cannot be read: "),
        (["version=3.3", "response_id_format=uuid", "receipt_id_format=uuid"], "uuid in version 3.3"),
        (["outbind=localhost"], "outbind must be host:port, not 'localhost'"),
        (["outbind=localhost:99999"], "outbind must be host:port"),
        (["supports=query_sm,fly"], "supports must be a list of data_sm, submit_multi"),
        (["destination_numbering=1-1"], "destination_numbering must be pairs such as 5/0,1/1, not '1-1'"),
        (["error_numbers=49:ESME_NO"], "error_numbers must be a command_status such as"),
        (["error_numbers=49:0"], "error_numbers must be a table of prefix = command_status"),
        (["error_numbers=49"], "error_numbers must have the form prefix:command_status,..."),
        (["receipt_esm_class=0x100"], "receipt_esm_class must be between 0 and 255, not 256"),
        (["receipt_data_coding=ucs2"], "receipt_data_coding must be a whole number, not 'ucs2'"),
        (["default_alphabet=klingon"], "default_alphabet must be one of gsm7"),
    ],
)
def test_bad_flags_name_the_key(flags: list[str], fault: str) -> None:
    with pytest.raises(ScenarioError) as raised:
        Scenario.load(flags=flags)
    assert fault in str(raised.value)


def test_every_fault_is_named() -> None:
    with pytest.raises(ScenarioError, match=r"seed .*; throughput .*"):
        Scenario.from_mapping({"seed": -1, "throughput": "fast"})


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("error_share = 2", "error_share must be between"),
        ('error_share = "0.1"', "error_share must be a number"),
        ("error_share = true", "error_share must be a number"),
        ("credentials = 3", "credentials must be a table"),
        ("credentials = { alice = 3 }", "credentials must be a table"),
        ("failed_err = 3", "failed_err must be a text"),
        ("supports = 'query_sm'", "supports must be a list of"),
        ("error_numbers = 3", "error_numbers must be a table of prefix = command_status"),
        ("error_share =", "is no TOML file"),
        ("zzz = 1", "unknown key zzz"),
    ],
)
def test_bad_files_are_named(tmp_path: Path, content: str, fault: str) -> None:
    path = tmp_path / "scenario.toml"
    path.write_text(content, "utf-8")

    with pytest.raises(ScenarioError) as raised:
        Scenario.load(path)
    assert str(path) in str(raised.value)
    assert fault in str(raised.value)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"none\.toml"):
        Scenario.load(tmp_path / "none.toml")
