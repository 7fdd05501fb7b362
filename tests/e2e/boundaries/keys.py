"""Commands for which an Idempotency-Key means nothing, each with the reason. Of all the others it is heeded.

PUT, PATCH and DELETE say how it shall be, and sent again come to the same by themselves; where they take a key all the
same, the document says so.
"""

from __future__ import annotations

_ONCE = "what it brings is good for one time: sent again it is refused, and nothing is done twice"
_SAME = "says how it shall be: sent again it changes nothing"
_READS = "changes nothing; it is a POST for what stands in its body"
_SIGNED = "known by the id of the signed message, which is not looked at twice"

WITHOUT: dict[tuple[str, str], str] = {
    ("POST", "/api/auth/token"): "tokens are kept in no answer; a refresh token has a key with a meaning of its own",
    ("POST", "/api/auth/logout"): _SAME,
    ("POST", "/api/auth/password-resets"): "asked for again within a minute, the letter is not sent twice",
    ("POST", "/api/auth/password-resets/complete"): _ONCE,
    ("POST", "/api/auth/email-changes/complete"): _ONCE,
    ("POST", "/api/auth/email-confirmations/complete"): _SAME,
    ("POST", "/api/me/email-confirmations"): "asked for again within a minute, the letter is not sent twice",
    ("POST", "/api/me/email-changes"): "it changes nothing yet, and of several letters the last one counts",
    (
        "POST",
        "/api/me/second-factor",
    ): "the secret is told this once and kept in no answer; begun anew there is another",
    ("POST", "/api/me/second-factor/confirm"): _ONCE,
    ("POST", "/api/me/second-factor/recovery-codes"): "wants a code of the app, which is good for one time",
    ("POST", "/api/me/second-factor/remove"): _ONCE,
    ("POST", "/api/cart/merge"): "what came in is not taken in twice; sent again it does what a crash has left undone",
    ("POST", "/api/orders/quote"): _READS,
    ("POST", "/api/gift-cards/balance"): _READS,
    ("POST", "/api/gift-cards/{gift_card_id}/disable"): _SAME,
    ("POST", "/api/products/{product_id}/publish"): _SAME,
    ("POST", "/api/products/{product_id}/withdraw"): _SAME,
    ("POST", "/api/products/{product_id}/media/uploads"): "a permission, of which nothing is left unless it is used",
    ("POST", "/api/shops/{shop_id}/feeds/{name}/pause"): _SAME,
    ("POST", "/api/shops/{shop_id}/feeds/{name}/resume"): _SAME,
    ("POST", "/api/drops/{drop_id}/tickets"): "an account has one ticket, and is told the same one again",
    ("POST", "/api/signals"): "statistics, of which some may be lost and some be counted twice",
    ("POST", "/api/admin/slices/move"): _SAME,
    ("POST", "/api/webhooks/payments/{provider}"): _SIGNED,
    ("POST", "/api/webhooks/shops/{shop_id}/{what}"): _SIGNED,
}
