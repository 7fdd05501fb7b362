"""`kontor user` and `kontor import` in either profile: they need the log and the vault, and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyotp
import pytest

from commands.context import system_context
from commands.mapper import recorded
from domain.buyers.account import PasswordChanged
from domain.buyers.secondfactor import SecondFactorRemoved
from domain.ids import claim_id, derived_id, offer_id, stock_id
from domain.sellers.shop import OpenShop
from kontor.catalog import sample
from kontor.settings import Settings
from kontor.wiring.desk import desk
from tests.conftest import ROOT

PASSWORD = "correct horse battery"
SHOP = derived_id("shop", 0, "desk")


class Desks:
    """Whoever subclasses this has a fixture ``settings``: the settings of a profile with nothing in it yet."""

    def kontor(self, settings: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "kontor", *arguments]
        environment = os.environ | {f"KONTOR_{name.upper()}": value for name, value in settings.items()}
        return subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=120
        )

    async def test_an_administrator_is_created_once(self, settings):
        arguments = ("user", "create", "--email", "ada@example.com", "--password", PASSWORD, "--scope", "admin")
        created = self.kontor(settings, *arguments)
        assert created.returncode == 0, created.stderr
        account_id = created.stdout.split()[0]
        async with desk(Settings(**settings)) as at:
            assert (await at.engine.state(account_id)).scopes == ("customer", "admin")
            assert at.vault.check_password(account_id, PASSWORD)
            assert (await at.engine.state(claim_id("email", at.vault.email_lookup("ada@example.com")))).owner
        again = self.kontor(settings, *arguments)
        assert again.returncode == 1
        assert PASSWORD not in created.stdout + created.stderr + again.stderr

    async def test_a_forgotten_password_is_set_anew(self, settings):
        email = ("--email", "ada@example.com")
        account_id = self.kontor(settings, "user", "create", *email, "--password", PASSWORD).stdout.split()[0]
        async with desk(Settings(**settings)) as at:
            session = at.vault.issue_family(account_id, "")
        done = self.kontor(settings, "user", "password", *email, "--password", "another horse battery")
        assert done.returncode == 0, done.stderr
        assert account_id in done.stdout
        async with desk(Settings(**settings)) as at:
            assert at.vault.check_password(account_id, "another horse battery")
            assert at.vault.family_revoked(session.family)
            noted = [recorded(row).event for row in await at.log.read_stream(account_id)]
            assert isinstance(noted[-1], PasswordChanged)
        for wrong in (("--email", "nobody@example.com", "--password", PASSWORD), (*email, "--password", "short")):
            refused = self.kontor(settings, "user", "password", *wrong)
            assert refused.returncode == 1
            assert PASSWORD not in refused.stdout + refused.stderr

    async def test_a_scope_is_taken_away_and_given_back(self, settings):
        ada, grace = ("--email", "ada@example.com"), ("--email", "grace@example.com")
        made = self.kontor(settings, "user", "create", *ada, "--password", PASSWORD, "--scope", "admin")
        account_id = made.stdout.split()[0]
        last = self.kontor(settings, "user", "revoke", *ada, "--scope", "admin")
        assert (last.returncode, "--force" in last.stderr) == (1, True)
        self.kontor(settings, "user", "create", *grace, "--password", PASSWORD)
        granted = self.kontor(settings, "user", "grant", *grace, "--scope", "admin")
        assert granted.returncode == 0, granted.stderr
        async with desk(Settings(**settings)) as at:
            session = at.vault.issue_family(account_id, "")
        taken = self.kontor(settings, "user", "revoke", *ada, "--scope", "admin")
        assert taken.returncode == 0, taken.stderr
        assert account_id in taken.stdout
        async with desk(Settings(**settings)) as at:
            assert (await at.engine.state(account_id)).scopes == ("customer",)
            assert at.vault.family_revoked(session.family)
        for words, code in (((*ada, "--scope", "customer"), 2), (("--email", "no@example.com", "--scope", "admin"), 1)):
            assert self.kontor(settings, "user", "revoke", *words).returncode == code

    async def test_a_second_factor_is_taken_from_who_lost_it(self, settings):
        email = ("--email", "ada@example.com")
        account_id = self.kontor(settings, "user", "create", *email, "--password", PASSWORD).stdout.split()[0]
        none = self.kontor(settings, "user", "drop-second-factor", *email)
        assert (none.returncode, "no second factor" in none.stderr) == (1, True)
        async with desk(Settings(**settings)) as at:
            secret = at.vault.begin_factor(account_id)
            assert at.vault.confirm_factor(account_id, pyotp.TOTP(secret).now())
        done = self.kontor(settings, "user", "drop-second-factor", *email)
        assert done.returncode == 0, done.stderr
        async with desk(Settings(**settings)) as at:
            assert at.vault.factor_of(account_id) is None
            noted = [recorded(row).event for row in await at.log.read_stream(account_id)]
            assert isinstance(noted[-1], SecondFactorRemoved)

    @pytest.mark.slow
    async def test_files_are_imported_and_their_bad_lines_told(self, settings, tmp_path):
        async with desk(Settings(**settings)) as at:
            opened = OpenShop(SHOP, "usr_1", "Nordwald", "US", "USD")
            await at.engine.submit(opened, system_context("test", at.clock()))
        lines = {
            "products": [{"title": "Bed", "variants": [{"sku": "BED"}]}, {"title": ""}],
            "offers": [{"sku": "BED", "price": {"amount": 100, "currency": "USD"}}],
            "stock": [{"sku": "BED", "quantity": 7}],
        }
        for what, some in lines.items():
            file = tmp_path / f"{what}.ndjson"
            file.write_text("\n".join(map(json.dumps, some)))
            done = self.kontor(settings, "import", what, str(file), "--shop", SHOP)
            assert done.returncode == 0, done.stderr
            assert f"{what}: 1 taken, {len(some) - 1} rejected" in done.stdout
        assert '"pointer":"/title"' in (tmp_path / "products.rejected.ndjson").read_text()
        async with desk(Settings(**settings)) as at:
            assert (await at.engine.state(offer_id(SHOP, "BED"))).terms.price.amount == 100
            assert (await at.engine.state(stock_id(SHOP, "BED"))).on_hand == 7

    @pytest.mark.slow
    @pytest.mark.timeout(300)
    async def test_the_sample_is_loaded_once(self, settings):
        for _ in range(2):
            loaded = self.kontor(settings, "import", "sample")
            assert loaded.returncode == 0, loaded.stderr
            assert "shopper@kontor.example" in loaded.stdout
        async with desk(Settings(**settings)) as at:
            head = await at.log.head()
            streams = {row.stream for row in await at.log.read(0, 100_000)}
        assert head < 100_000
        kinds = {prefix: sum(stream.startswith(prefix) for stream in streams) for prefix in ("prd_", "off_", "stk_")}
        in_stock = sum(row["quantity"] > 0 for row in sample.stock())
        assert kinds == {"prd_": sample.count("products"), "off_": sample.count("offers"), "stk_": in_stock}


class TestInAFolder(Desks):
    @pytest.fixture
    def settings(self, tmp_path: Path) -> dict[str, Any]:
        return {"data": str(tmp_path / "data")}


@pytest.mark.stack
class TestOnServers(Desks):
    @pytest.fixture
    def settings(self, tmp_path: Path, postgres: str) -> dict[str, Any]:
        return {
            "data": str(tmp_path / "data"), "profile": "full", "postgres_url": postgres, "vault_url": postgres,
        }  # fmt: skip

    def test_what_is_missing_is_named(self, settings):
        del settings["vault_url"]
        refused = self.kontor(
            {**settings, "vault_url": ""}, "user", "create", "--email", "a@b.c", "--password", PASSWORD
        )
        assert refused.returncode == 1
        assert "vault" in refused.stderr


def test_the_sample_needs_no_file_and_everything_else_does(tmp_path):
    for arguments, said in (
        (("sample", "file.ndjson"), "name no file"),
        (("products",), "name the file with the products"),
        (("prices", "file.ndjson"), "none of products, offers, stock, categories, sample"),
    ):
        refused = Desks().kontor({"data": str(tmp_path)}, "import", *arguments)
        assert (refused.returncode, said in refused.stderr) == (2, True), refused.stderr
