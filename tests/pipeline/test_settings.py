"""Settings from the environment: what is refused, and how it is told."""

import pytest

from pipeline.settings import SettingsError, load_settings


@pytest.mark.parametrize("proxies", ["", "127.0.0.1", "127.0.0.1, 10.0.0.0/24,::1"])
def test_proxies_are_addresses_or_networks(proxies: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTKLIK_PROXIES", proxies)
    assert load_settings().proxies == proxies


@pytest.mark.parametrize("proxies", ["*", "nginx", "127.0.0.1;10.0.0.1"])
def test_anybody_is_no_proxy(proxies: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTKLIK_PROXIES", proxies)
    with pytest.raises(SettingsError, match="OTKLIK_PROXIES"):
        load_settings()
