"""Where somebody is signed in, wherever the vault is kept: ``tests/contracts/vault.py`` tells of the fixtures."""

from __future__ import annotations

import pytest

from commands import vault_sessions as module
from commands.vault import TokenInvalid
from tests.contracts.vault import soon

DAY = 86_400


class OwnSessions:
    def test_they_are_listed_the_last_used_first(self, vault, other, clock):
        began = int(clock.at)
        first = vault.issue_family("usr_1", "")
        clock.at += 60
        second = other.issue_family("usr_1", "")
        vault.issue_family("usr_2", "")
        assert vault.sessions_of("usr_1") == [
            (second.family, began + 60, began + 60),
            (first.family, began, began),
        ]
        clock.at += 60
        other.rotate(first.token)
        assert vault.sessions_of("usr_1") == [
            (first.family, began, began + 120),
            (second.family, began + 60, began + 60),
        ]
        assert vault.sessions_of("usr_3") == []

    def test_what_has_ended_is_not_listed(self, vault, clock):
        over, ended, kept = [vault.issue_family("usr_1", "") for _ in range(3)]
        vault.revoke_family(ended.family)
        clock.at += 29 * DAY
        vault.rotate(kept.token)
        clock.at += DAY - 1
        assert {one.family for one in vault.sessions_of("usr_1")} == {kept.family, over.family}
        clock.at += 1
        assert [one.family for one in vault.sessions_of("usr_1")] == [kept.family]

    def test_one_is_ended_in_every_process_and_once(self, vault, other):
        here, there = [vault.issue_family("usr_1", "") for _ in range(2)]
        assert other.end_session("usr_1", there.family)
        assert other.family_revoked(there.family)
        assert soon(lambda: vault.family_revoked(there.family))
        with pytest.raises(TokenInvalid):
            vault.rotate(there.token)
        assert not other.end_session("usr_1", there.family)
        assert [one.family for one in vault.sessions_of("usr_1")] == [here.family]
        vault.rotate(here.token)

    def test_nobody_ends_anothers(self, vault):
        yours = vault.issue_family("usr_2", "")
        assert not vault.end_session("usr_1", yours.family)
        assert not vault.end_session("usr_1", "fam_unknown")
        vault.end_others("usr_1", "")
        vault.rotate(yours.token)

    def test_what_ran_out_by_itself_is_not_there_to_be_ended(self, vault, clock):
        mine = vault.issue_family("usr_1", "")
        clock.at += 30 * DAY
        assert not vault.end_session("usr_1", mine.family)

    def test_all_others_are_ended_at_once(self, vault, other):
        here, *others = [vault.issue_family("usr_1", "") for _ in range(3)]
        other.end_others("usr_1", here.family)
        assert soon(lambda: all(vault.family_revoked(one.family) for one in others))
        assert not vault.family_revoked(here.family)
        assert [one.family for one in vault.sessions_of("usr_1")] == [here.family]

    def test_only_so_many_are_listed(self, vault, clock):
        for _ in range(module.SESSIONS_MAX + 3):
            clock.at += 1
            last = vault.issue_family("usr_1", "")
        listed = vault.sessions_of("usr_1")
        assert len(listed) == module.SESSIONS_MAX
        assert listed[0].family == last.family
