"""Who may do what: a line for every route of both services, and what each is asked in a test.

In a body ``$name`` stands for something that is there, as ``stage.py`` knows it; so do the names in a path.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

VISITOR, STRANGER, RIVAL, BUYER, SELLER, ADMIN = "visitor", "stranger", "rival", "buyer", "seller", "admin"
"""Not signed in; a customer who has nothing to do with it; a merchant with another shop; whose order it is; whose shop
it is; who runs the marketplace."""


class Who(NamedTuple):
    """``refused`` are not let in; ``by`` is, and does it in the end. ``signs_in`` is what the document says of it: a
    token is needed (True), may be sent (None), or says nothing (False)."""

    refused: frozenset[str]
    by: str
    signs_in: bool | None


def _but(*refused: str) -> frozenset[str]:
    return frozenset(refused)


ANYBODY = Who(_but(), VISITOR, False)
MAY_SIGN_IN = Who(_but(), VISITOR, None)
THEMSELVES = Who(_but(VISITOR), STRANGER, True)
"""Whoever is signed in, of what is their own."""
LEAVING = THEMSELVES._replace(by=BUYER)
OWN = Who(_but(VISITOR, STRANGER, RIVAL, SELLER), BUYER, True)
CART = OWN._replace(signs_in=None)
"""Of whoever has it, by a token or a Cart-Token."""
PARTY = Who(_but(VISITOR, STRANGER, RIVAL), BUYER, True)
MERCHANT = Who(_but(VISITOR, STRANGER, BUYER), SELLER, True)
SHOP = Who(_but(VISITOR, STRANGER, RIVAL, BUYER), SELLER, True)
OPERATOR = Who(_but(VISITOR, STRANGER, RIVAL, BUYER, SELLER), ADMIN, True)
SIGNED = Who(_but(VISITOR, STRANGER, RIVAL, BUYER, SELLER, ADMIN), "", False)
"""By what is sent, which nobody here has signed; tokens do not help."""


class Line(NamedTuple):
    who: Who
    body: Any = None
    query: str = ""
    headers: Mapping[str, str] = {}
    status: int = 0
    """What ``by`` is answered; 0: any success."""
    text: str = ""
    """A body that is no JSON, with its type in the headers."""
    at: Mapping[str, str] = {}
    """Where a name of the path is another here."""


DELIVERED, PAID, REVIEWED = ({"order_id": f"{which}_id"} for which in ("delivered", "paid", "reviewed"))
SESSION = {"Kontor-Session": "b7Jq0cQvT3mX1yZp9sLw2A"}
USD = {"amount": 1, "currency": "USD"}
TERMS = {"name": "Spring", "benefit": {"kind": "percent", "percent": 10}, "shopId": "$shop_id"}
FEED = {"what": "stock", "source": "file:stock.ndjson"}
DROP = {"shopId": "$shop_id", "sku": "$drop_sku", "opensAt": "$opens_at"}
RULE = {"kind": "synonyms", "phrases": ["sofa", "couch"]}
WISHED = {"cartId": "$cart_id", "addressId": "$address_id"}
ADDRESS = {"name": "Bo", "line1": "1 Main St", "city": "Reno", "region": "NV", "postalCode": "89501", "country": "US"}

PUBLIC = {
    ("GET", "/"): Line(ANYBODY),
    ("GET", "/livez"): Line(ANYBODY),
    ("GET", "/readyz"): Line(ANYBODY),
    ("GET", "/metrics"): Line(ANYBODY),
    ("GET", "/openapi.json"): Line(ANYBODY),
    ("GET", "/api/products"): Line(MAY_SIGN_IN),
    ("GET", "/api/products/suggest"): Line(ANYBODY, query="?q=oak"),
    ("GET", "/api/products/{product_id}"): Line(MAY_SIGN_IN),
    ("GET", "/api/products/{product_id}/delivery"): Line(MAY_SIGN_IN),
    ("GET", "/api/products/{product_id}/reviews"): Line(ANYBODY),
    ("GET", "/api/products/{product_id}/also-bought"): Line(ANYBODY),
    ("GET", "/api/media/{product_id}/{name}"): Line(ANYBODY, at={"name": "picture"}),
    ("GET", "/api/categories"): Line(ANYBODY),
    ("GET", "/api/categories/{path:path}"): Line(ANYBODY),
    ("GET", "/api/popular"): Line(ANYBODY),
    ("GET", "/api/searches/popular"): Line(ANYBODY),
    ("GET", "/api/shops/{shop_id}"): Line(MAY_SIGN_IN),
    ("GET", "/api/drops"): Line(ANYBODY),
    ("GET", "/api/drops/{drop_id}"): Line(ANYBODY),
    ("GET", "/api/recently-viewed"): Line(ANYBODY, headers=SESSION),
    ("POST", "/api/signals"): Line(ANYBODY, {"signals": [{"kind": "search", "query": "bed"}]}, headers=SESSION),
    ("DELETE", "/api/signals"): Line(ANYBODY, headers=SESSION),
    ("POST", "/api/auth/register"): Line(
        ANYBODY, {"email": "new@example.com", "password": "correct horse battery", "name": "New"}
    ),
    ("POST", "/api/auth/token"): Line(
        ANYBODY, {"grant_type": "password", "username": "$email", "password": "correct horse battery"}
    ),
    ("POST", "/api/auth/password-resets"): Line(ANYBODY, {"email": "$email"}, status=409),
    ("POST", "/api/auth/password-resets/complete"): Line(
        ANYBODY, {"token": "kpr_invented", "newPassword": "staple battery horse"}, status=422
    ),
    ("POST", "/api/auth/email-changes/complete"): Line(ANYBODY, {"token": "kem_invented"}, status=422),
    ("POST", "/api/auth/email-confirmations/complete"): Line(ANYBODY, {"token": "kec_invented"}, status=422),
    ("POST", "/api/gift-cards/balance"): Line(MAY_SIGN_IN, {"code": "$code"}),
    ("GET", "/api/cart"): Line(MAY_SIGN_IN),
    ("POST", "/api/cart/items"): Line(MAY_SIGN_IN, {"sku": "$sku", "quantity": 1}),
}
OF_PEOPLE = {
    ("GET", "/api/me"): Line(THEMSELVES),
    ("PATCH", "/api/me"): Line(THEMSELVES, {"name": "Bo"}),
    ("PUT", "/api/me/password"): Line(
        THEMSELVES, {"currentPassword": "correct horse battery", "newPassword": "staple battery horse"}
    ),
    ("GET", "/api/me/second-factor"): Line(THEMSELVES),
    ("POST", "/api/me/second-factor"): Line(THEMSELVES, {"currentPassword": "staple battery horse"}),
    ("POST", "/api/me/second-factor/confirm"): Line(THEMSELVES, {"code": "no code"}, status=422),
    ("POST", "/api/me/second-factor/recovery-codes"): Line(THEMSELVES, {"code": "000000"}, status=409),
    ("POST", "/api/me/second-factor/remove"): Line(
        THEMSELVES, {"currentPassword": "staple battery horse", "code": "000000"}, status=409
    ),
    ("POST", "/api/me/email-confirmations"): Line(THEMSELVES, status=409),
    ("POST", "/api/me/email-changes"): Line(
        THEMSELVES, {"email": "other@example.com", "currentPassword": "staple battery horse"}, status=409
    ),
    ("POST", "/api/me/addresses"): Line(THEMSELVES, ADDRESS),
    ("PATCH", "/api/me/addresses/{address_id}"): Line(OWN, {"line2": "Flat 3"}),
    ("POST", "/api/me/payment-methods"): Line(THEMSELVES, {"token": "pm_card_visa"}),
    ("GET", "/api/feed"): Line(THEMSELVES),
    ("GET", "/api/wishlist"): Line(THEMSELVES),
    ("POST", "/api/wishlist/items"): Line(THEMSELVES, {"sku": "$sku"}),
    ("DELETE", "/api/wishlist/items/{sku:path}"): Line(THEMSELVES),
    ("PATCH", "/api/cart/items/{item_id}"): Line(CART, {"quantity": 2}),
    ("POST", "/api/cart/coupons"): Line(CART, {"code": "$coupon"}),
    ("DELETE", "/api/cart/coupons/{code}"): Line(CART, at={"code": "coupon"}),
    ("DELETE", "/api/cart/items/{item_id}"): Line(CART, at={"item_id": "other_item_id"}),
    ("POST", "/api/orders/quote"): Line(CART, WISHED),
    ("POST", "/api/orders"): Line(OWN, {**WISHED, "paymentMethodId": "$payment_method_id"}),
    ("POST", "/api/cart/merge"): Line(THEMSELVES, headers={"Cart-Token": "$cart_token"}),
    ("GET", "/api/orders"): Line(THEMSELVES),
    ("GET", "/api/orders/{order_id}"): Line(OWN, at=DELIVERED),
    ("GET", "/api/orders/{order_id}/timeline"): Line(OWN, at=DELIVERED),
    ("POST", "/api/orders/{order_id}/cancel"): Line(PARTY, {}, at={"order_id": "other_id"}),
    ("POST", "/api/orders/{order_id}/returns"): Line(
        OWN, {"lines": [{"lineId": "$line_id", "quantity": 1}]}, at=DELIVERED
    ),
    ("POST", "/api/products/{product_id}/reviews"): Line(OWN, {"rating": 5}),
    ("POST", "/api/shops/{shop_id}/ratings"): Line(OWN, {"orderId": "$delivered_id", "rating": 5}),
    ("POST", "/api/drops/{drop_id}/tickets"): Line(LEAVING),
    ("GET", "/api/drops/{drop_id}/place"): Line(OWN, headers={"Kontor-Ticket": "$ticket_of_line"}),
    ("POST", "/api/shops"): Line(THEMSELVES, {"name": "New", "country": "US", "currency": "USD"}),
    ("DELETE", "/api/me/addresses/{address_id}"): Line(OWN),
    ("DELETE", "/api/me/payment-methods/{payment_method_id}"): Line(OWN),
    ("GET", "/api/me/sessions"): Line(THEMSELVES),
    ("DELETE", "/api/me/sessions/{session_id}"): Line(OWN),
    ("DELETE", "/api/me/sessions"): Line(THEMSELVES),
    ("POST", "/api/auth/logout"): Line(THEMSELVES),
}
AT_LAST = {("DELETE", "/api/me"): Line(LEAVING)}
"""What a buyer waits for is called off then."""
OF_SHOPS = {
    ("PATCH", "/api/shops/{shop_id}"): Line(SHOP, {"name": "Nordwald & Co."}),
    ("GET", "/api/shops/{shop_id}/orders"): Line(SHOP),
    ("GET", "/api/shops/{shop_id}/orders.csv"): Line(SHOP),
    ("GET", "/api/shops/{shop_id}/orders/{order_id}"): Line(SHOP, at=PAID),
    ("GET", "/api/shops/{shop_id}/inventory"): Line(SHOP),
    ("GET", "/api/shops/{shop_id}/offers"): Line(SHOP),
    ("GET", "/api/shops/{shop_id}/drafts"): Line(SHOP),
    ("GET", "/api/shops/{shop_id}/ledger"): Line(SHOP),
    ("GET", "/api/shops/{shop_id}/ledger.csv"): Line(SHOP),
    ("GET", "/api/offers/{shop_id}/{sku:path}"): Line(SHOP),
    ("PUT", "/api/offers/{shop_id}/{sku:path}"): Line(SHOP, {"price": USD}),
    ("POST", "/api/inventory/{shop_id}/{sku:path}/receive"): Line(SHOP, {"quantity": 1}),
    ("POST", "/api/inventory/{shop_id}/{sku:path}/adjust"): Line(SHOP, {"quantity": -1}),
    ("POST", "/api/products"): Line(MERCHANT, {"title": "Pine bed"}),
    ("PATCH", "/api/products/{product_id}"): Line(SHOP, {"title": "Oak bed, oiled"}),
    ("POST", "/api/products/{product_id}/withdraw"): Line(SHOP),
    ("POST", "/api/products/{product_id}/publish"): Line(SHOP),
    ("POST", "/api/products/{product_id}/variants"): Line(SHOP, {"sku": "OAK-180"}),
    ("POST", "/api/products/{product_id}/media/uploads"): Line(SHOP, {"type": "image/png", "size": 100}),
    ("POST", "/api/products/{product_id}/media"): Line(SHOP, {"mediaId": "$uploaded_id"}),
    ("PATCH", "/api/products/{product_id}/media/{media_id}"): Line(SHOP, {"alt": "From the front"}),
    ("DELETE", "/api/products/{product_id}/media/{media_id}"): Line(SHOP),
    ("PUT", "/api/shops/{shop_id}/feeds/{name}"): Line(SHOP, FEED),
    ("GET", "/api/shops/{shop_id}/feeds"): Line(SHOP),
    ("GET", "/api/shops/{shop_id}/feeds/{name}"): Line(SHOP),
    ("GET", "/api/shops/{shop_id}/feeds/{name}/runs"): Line(SHOP),
    ("GET", "/api/shops/{shop_id}/feeds/{name}/runs/{run_id}"): Line(SHOP),
    ("GET", "/api/shops/{shop_id}/feeds/{name}/runs/{run_id}/rejected"): Line(SHOP),
    ("POST", "/api/shops/{shop_id}/feeds/{name}/pause"): Line(SHOP),
    ("POST", "/api/shops/{shop_id}/feeds/{name}/resume"): Line(SHOP),
    ("POST", "/api/shops/{shop_id}/feeds/{name}/runs"): Line(SHOP, {}),
    ("DELETE", "/api/shops/{shop_id}/feeds/{name}"): Line(SHOP),
    ("POST", "/api/shops/{shop_id}/push-secret"): Line(SHOP),
    ("DELETE", "/api/shops/{shop_id}/push-secret"): Line(SHOP),
    ("POST", "/api/orders/{order_id}/shipments"): Line(
        SHOP, {"lines": [{"lineId": "$paid_line_id", "quantity": 1}]}, at=PAID
    ),
    ("POST", "/api/orders/{order_id}/shipments/{shipment_id}/shipped"): Line(SHOP, {"carrier": "UPS"}, at=PAID),
    ("POST", "/api/orders/{order_id}/shipments/{shipment_id}/delivered"): Line(SHOP, at=PAID),
    ("POST", "/api/orders/{order_id}/returns/{return_id}/approve"): Line(SHOP, at=DELIVERED),
    ("POST", "/api/orders/{order_id}/returns/{return_id}/receive"): Line(SHOP, {"restock": True}, at=DELIVERED),
    ("POST", "/api/orders/{order_id}/returns/{return_id}/reject"): Line(
        SHOP, {"reason": "worn"}, status=409, at=DELIVERED
    ),
    ("POST", "/api/orders/{order_id}/refunds"): Line(
        SHOP, {"lines": [{"lineId": "$line_id", "quantity": 1}], "reason": "late"}, at=DELIVERED
    ),
    ("GET", "/api/promotions"): Line(SHOP, query="?shopId={shop_id}"),
    ("POST", "/api/promotions"): Line(SHOP, TERMS),
    ("GET", "/api/promotions/{promotion_id}"): Line(SHOP),
    ("PUT", "/api/promotions/{promotion_id}"): Line(SHOP, {**TERMS, "code": "$coupon"}),
    ("DELETE", "/api/promotions/{promotion_id}"): Line(SHOP),
    ("GET", "/api/gift-cards"): Line(SHOP, query="?shopId={shop_id}"),
    ("POST", "/api/gift-cards"): Line(SHOP, {"value": USD, "shopId": "$shop_id"}),
    ("POST", "/api/gift-cards/{gift_card_id}/disable"): Line(SHOP),
    ("DELETE", "/api/drops/{drop_id}"): Line(SHOP),
    ("POST", "/api/drops"): Line(SHOP, DROP),
    ("DELETE", "/api/offers/{shop_id}/{sku:path}"): Line(SHOP),
    ("DELETE", "/api/products/{product_id}"): Line(SHOP),
}
OF_THE_MARKETPLACE = {
    ("GET", "/api/admin/orders"): Line(OPERATOR),
    ("GET", "/api/admin/shops"): Line(OPERATOR),
    ("GET", "/api/admin/parked"): Line(OPERATOR),
    ("GET", "/api/admin/projections"): Line(OPERATOR),
    ("GET", "/api/admin/ledger"): Line(OPERATOR),
    ("GET", "/api/admin/disputes"): Line(OPERATOR),
    ("GET", "/api/admin/refused-refunds"): Line(OPERATOR),
    ("GET", "/api/admin/streams/{stream:path}"): Line(OPERATOR),
    ("GET", "/api/events"): Line(OPERATOR),
    ("GET", "/api/purges"): Line(OPERATOR),
    ("GET", "/api/admin/differences"): Line(OPERATOR),
    ("POST", "/api/admin/differences/{difference_id}/explain"): Line(OPERATOR, {"note": "by hand"}),
    ("POST", "/api/admin/differences/{difference_id}/settle"): Line(OPERATOR, {"note": "by hand"}),
    ("GET", "/api/admin/reviews"): Line(OPERATOR),
    ("POST", "/api/admin/reviews/{order_id}/approve"): Line(OPERATOR, {}, at=REVIEWED),
    ("POST", "/api/admin/reviews/{order_id}/reject"): Line(OPERATOR, {}, status=409, at=REVIEWED),
    ("POST", "/api/orders/{order_id}/refunds/{refund_id}/retry"): Line(OPERATOR, status=409, at=DELIVERED),
    ("PUT", "/api/admin/accounts/{user_id}/groups"): Line(OPERATOR, {"groups": ["teachers"]}),
    ("PUT", "/api/categories/{path:path}"): Line(OPERATOR, {}),
    ("DELETE", "/api/categories/{path:path}"): Line(OPERATOR),
    ("GET", "/api/admin/search/rules"): Line(OPERATOR),
    ("POST", "/api/admin/search/rules"): Line(OPERATOR, RULE),
    ("GET", "/api/admin/search/rules/{rule_id}"): Line(OPERATOR),
    ("PUT", "/api/admin/search/rules/{rule_id}"): Line(OPERATOR, RULE),
    ("DELETE", "/api/admin/search/rules/{rule_id}"): Line(OPERATOR),
    ("GET", "/api/subscriptions"): Line(OPERATOR),
    ("POST", "/api/subscriptions"): Line(OPERATOR, {"url": "https://hooks.example/k", "types": ["order.paid"]}),
    ("GET", "/api/subscriptions/{subscription_id}"): Line(OPERATOR),
    ("POST", "/api/subscriptions/{subscription_id}/redeliver"): Line(OPERATOR, {"eventId": "$event_id"}),
    ("DELETE", "/api/subscriptions/{subscription_id}"): Line(OPERATOR),
    ("GET", "/api/admin/slices"): Line(OPERATOR),
    ("POST", "/api/admin/slices/move"): Line(OPERATOR, {"first": 0, "last": 0, "log": 0}),
}
BY_SIGNATURE = {
    ("POST", "/api/webhooks/payments/{provider}"): Line(SIGNED, {}),
    ("POST", "/api/webhooks/shops/{shop_id}/{what}"): Line(SIGNED, {"sku": "$sku", "quantity": 7}),
    ("PUT", "/api/media/uploads/{ticket}"): Line(SIGNED, text="x", headers={"Content-Type": "image/png"}),
}
LINES = {**PUBLIC, **OF_THE_MARKETPLACE, **OF_PEOPLE, **OF_SHOPS, **BY_SIGNATURE, **AT_LAST}
"""In this order all of it can be done, one after the other."""
