"""The table of VM sizes: whole, honest about its sources, and of use where a size can't be had."""

from datetime import date

import pytest

from trainferry_azureml.sizes import Size, all_sizes, cores_needed, did_you_mean, find, nearest, withdrawal

OFFERED = [
    "Standard_DS3_v2",
    "Standard_NC6",
    "Standard_NC4as_T4_v3",
    "STANDARD_NC16AS_T4_V3",
    "Standard_NC24ads_A100_v4",
    "Standard_ND96asr_v4",
    "Standard_X9_unheard_of",
]


@pytest.mark.parametrize("size", all_sizes().values(), ids=lambda size: size.name)
def test_each_row_is_whole(size: Size) -> None:
    ended = withdrawal(size.name)
    assert size.vcpus > 0
    assert size.memory_gib > 0
    assert (size.gpus > 0) == bool(size.gpu) == (size.gpu_memory_gb > 0)
    assert "amily" in size.family
    assert (size.usd_per_hour is None) == (size.price_source == "")
    assert size.usd_per_hour is not None or (ended is not None and ended.over())
    assert not size.price_source or "20" in size.price_source, "a price says when it was so"
    assert size.name in str(size)


@pytest.mark.parametrize(
    ("name", "series", "day"),
    [
        ("Standard_NC6_Promo", "NC_Promo", date(2023, 9, 6)),
        ("standard_nc24r", "NC", date(2023, 9, 6)),
        ("NC12s_v2", "NCv2", date(2023, 9, 6)),
        ("Standard_NC24rs_v3", "NCv3", date(2025, 9, 30)),
        ("Standard_ND24rs", "ND", date(2023, 9, 6)),
    ],
)
def test_a_withdrawn_series_names_day_and_successor(name: str, series: str, day: date) -> None:
    found = withdrawal(name)
    assert found is not None
    assert (found.series, found.ends) == (series, day)
    assert found.over()
    assert not found.over(date(2020, 1, 1))
    successor = find(found.instead)
    assert successor is not None
    assert successor.gpus >= 1
    assert withdrawal(successor.name) is None


def test_what_is_announced_is_not_over_yet() -> None:
    found = withdrawal("Standard_DS3_v2")
    assert found is not None
    assert not found.over(date(2028, 4, 30))
    assert found.over(date(2028, 5, 1))
    for name in ("Standard_NC4as_T4_v3", "Standard_ND96asr_v4", "Standard_ND40rs_v2", "Standard_NC24ads_A100_v4"):
        assert withdrawal(name) is None


def test_the_nearest_are_those_with_such_a_gpu_and_price_that_are_offered() -> None:
    assert nearest("Standard_NC8as_T4_v3", OFFERED) == [
        "Standard_NC4as_T4_v3",
        "STANDARD_NC16AS_T4_V3",
        "Standard_NC24ads_A100_v4",
    ]
    assert nearest("Standard_NC6s_v3", OFFERED, 2)[0] in ("STANDARD_NC16AS_T4_V3", "Standard_NC24ads_A100_v4")
    assert nearest("Standard_NC40ads_H100_v5", OFFERED, 1) == ["Standard_NC24ads_A100_v4"]
    assert nearest("Standard_D4s_v3", OFFERED, 1) == ["Standard_DS3_v2"]
    assert "Standard_NC6" not in nearest("Standard_NC6_Promo", OFFERED, 9), "withdrawn as well"
    assert nearest("Standard_NC4as_T4_v4", OFFERED, 1) == ["Standard_NC4as_T4_v3"]
    assert nearest("Standard_NC4as_T4_v3", []) == []


def test_names_are_found_as_people_write_them() -> None:
    assert find("nc4AS_t4_v3") == find(" Standard_NC4as_T4_v3 ")
    assert find("Standard_NC4as_T4") is None
    assert did_you_mean("Standard_NC4as_T4v3")[0] == "Standard_NC4as_T4_v3"
    assert did_you_mean("completely else") == []


def test_a_cluster_takes_the_cores_of_all_its_nodes() -> None:
    assert cores_needed("Standard_NC4as_T4_v3", 10) == ("Standard NCASv3_T4 Family", 40)
    assert cores_needed("unknown", 1) is None
