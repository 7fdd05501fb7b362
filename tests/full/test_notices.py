"""What buyers get to read, in the full profile: the journeys of tests/e2e one after the other in one house."""

from __future__ import annotations

from inspect import signature
from pathlib import Path

import pytest

from tests.e2e.finding import test_wish_notices as wishes
from tests.e2e.market import open_shop
from tests.e2e.orders import test_notices as notices
from tests.e2e.shopper import sign_up
from tests.full.conftest import PARTS
from tests.full.processes import everything
from tests.mailserver import mail_server

pytestmark = [pytest.mark.stack, pytest.mark.timeout(400)]
JOURNEYS = (
    notices.test_confirmed_shipped_and_delivered,
    notices.test_cancelled_and_refunded,
    notices.test_some_units_are_called_off_and_paid_back,
    notices.test_a_return_is_approved_arrives_and_is_paid_back,
    notices.test_a_return_is_refused,
    notices.test_what_is_put_back_on_a_gift_card,
    notices.test_who_switched_them_off_gets_none,
    wishes.test_back_in_stock_and_costing_less,
)


async def test_every_letter(tmp_path: Path) -> None:
    async with mail_server() as box:
        box.patience = 60
        mail = {"KONTOR_SMTP_URL": box.url, "KONTOR_MAIL_FROM": "orders@shop.example"}
        async with everything(tmp_path, *PARTS, **mail) as house:
            admin = await sign_up(house.http, "Root Admin")
            await house.grant(admin.user_id, "admin")
            await admin.sign_in()
            for journey in JOURNEYS:
                seller = await open_shop(house.http, journey.__name__)
                shopper = await (await sign_up(house.http)).move_in()
                given = {"house": house, "box": box, "seller": seller, "shopper": shopper, "admin": admin}
                await journey(**{name: given[name] for name in signature(journey).parameters})
                box.letters.clear()
                box.recipients.clear()
                box.attempts = 0
