from apps.accounts.countries import country_codes


def test_all_assigned_codes_and_no_others():
    codes = country_codes()
    assert len(codes) == 249
    assert {"GB", "DE", "US", "SS", "CW"} <= codes
    assert not {"UK", "EU", "XK", "ZZ", "AN", "SU"} & codes
