"""Stored names of events, and their bytes.

Names are chosen, never derived from Python: moving a class must not orphan history. Bytes are MessagePack maps with
field names, readable without this program; envelope metadata is a MessagePack array.
"""

from __future__ import annotations

from typing import Any

import msgspec

from domain import claim
from domain.books import difference, ledger, round
from domain.buyers import account, cart, confirmation, emailchange, reset, scopes, secondfactor, watch, wishlist
from domain.catalog import category, media, product, review, rule
from domain.decider import Event
from domain.inventory import inventory
from domain.orders import order, orderreview, refund, returns, shipment
from domain.outgoing import delivery, subscription
from domain.payments import dispute, giftcard, payment
from domain.pricing import board, promotion
from domain.recorded import Meta
from domain.sellers import drop, merchantfeed, offer, push, sellerrating, shop
from domain.stored.upcasters import upcast

EVENTS: dict[str, tuple[int, type[Event]]] = {
    "account.registered": (1, account.AccountRegistered),
    "account.profile_changed": (1, account.ProfileChanged),
    "account.scope_granted": (1, account.ScopeGranted),
    "account.scope_revoked": (1, account.ScopeRevoked),
    "account.relied_on": (1, scopes.ReliedOn),
    "account.groups_assigned": (1, account.GroupsAssigned),
    "account.address_put": (1, account.AddressPut),
    "account.address_removed": (1, account.AddressRemoved),
    "account.payment_method_added": (1, account.PaymentMethodAdded),
    "account.payment_method_removed": (1, account.PaymentMethodRemoved),
    "account.notifications_chosen": (1, account.NotificationsChosen),
    "account.password_changed": (1, account.PasswordChanged),
    "account.email_change_asked": (1, emailchange.EmailChangeAsked),
    "account.email_changed": (1, emailchange.EmailChanged),
    "account.email_confirmation_asked": (1, confirmation.EmailConfirmationAsked),
    "account.email_confirmed": (1, confirmation.EmailConfirmed),
    "account.second_factor_added": (1, secondfactor.SecondFactorAdded),
    "account.second_factor_removed": (1, secondfactor.SecondFactorRemoved),
    "account.recovery_codes_drawn": (1, secondfactor.RecoveryCodesDrawn),
    "account.erased": (1, account.AccountErased),
    "board.promotion_posted": (1, board.PromotionPosted),
    "board.promotion_taken_down": (1, board.PromotionTakenDown),
    "cart.opened": (1, cart.CartOpened),
    "cart.item_added": (1, cart.ItemAdded),
    "cart.quantity_changed": (1, cart.QuantityChanged),
    "cart.item_removed": (1, cart.ItemRemoved),
    "cart.coupon_added": (1, cart.CouponAdded),
    "cart.coupon_removed": (1, cart.CouponRemoved),
    "cart.merged": (2, cart.CartMerged),
    "cart.merged_into": (1, cart.CartMergedInto),
    "cart.checked_out": (2, cart.CartCheckedOut),
    "cart.reopened": (2, cart.CartReopened),
    "category.put": (1, category.CategoryPut),
    "category.closed": (1, category.CategoryClosed),
    "claim.taken": (1, claim.ClaimTaken),
    "claim.released": (1, claim.ClaimReleased),
    "delivery.begun": (1, delivery.DeliveryBegun),
    "delivery.taken": (1, delivery.DeliveryTaken),
    "delivery.released": (1, delivery.DeliveryReleased),
    "delivery.advanced": (1, delivery.DeliveryAdvanced),
    "delivery.failed": (1, delivery.DeliveryFailed),
    "delivery.settled": (1, delivery.DeliverySettled),
    "delivery.skipped": (1, delivery.DeliverySkipped),
    "delivery.parked": (1, delivery.DeliveryParked),
    "delivery.asked": (1, delivery.DeliveryAsked),
    "delivery.hurried": (1, delivery.DeliveryHurried),
    "delivery.dropped": (1, delivery.DeliveryDropped),
    "difference.found": (1, difference.DifferenceFound),
    "difference.explained": (1, difference.DifferenceExplained),
    "difference.settled": (1, difference.DifferenceSettled),
    "giftcard.issued": (1, giftcard.GiftCardIssued),
    "giftcard.reserved": (1, giftcard.GiftCardReserved),
    "giftcard.refused": (1, giftcard.GiftCardRefused),
    "giftcard.released": (1, giftcard.GiftCardReleased),
    "giftcard.redeemed": (1, giftcard.GiftCardRedeemed),
    "giftcard.refunded": (1, giftcard.GiftCardRefunded),
    "giftcard.disabled": (1, giftcard.GiftCardDisabled),
    "ledger.posted": (1, ledger.LedgerPosted),
    "ledger.commission_set": (1, ledger.CommissionSet),
    "media.added": (1, media.PictureAdded),
    "media.described": (1, media.PictureDescribed),
    "media.removed": (1, media.PictureRemoved),
    "media.rendered": (1, media.PictureRendered),
    "merchantfeed.put": (1, merchantfeed.FeedPut),
    "merchantfeed.paused": (1, merchantfeed.FeedPaused),
    "merchantfeed.resumed": (1, merchantfeed.FeedResumed),
    "merchantfeed.deleted": (1, merchantfeed.FeedDeleted),
    "merchantfeed.run_asked": (1, merchantfeed.RunAsked),
    "merchantfeed.run_begun": (1, merchantfeed.RunBegun),
    "merchantfeed.run_renewed": (1, merchantfeed.RunRenewed),
    "merchantfeed.run_finished": (1, merchantfeed.RunFinished),
    "offer.put": (1, offer.OfferPut),
    "offer.withdrawn": (1, offer.OfferWithdrawn),
    "offer.drop_announced": (1, drop.DropAnnounced),
    "offer.drop_opened": (1, drop.DropOpened),
    "offer.drop_ended": (1, drop.DropEnded),
    "order.placed": (5, order.OrderPlaced),
    "order.confirmed": (1, order.OrderConfirmed),
    "order.paid": (1, order.OrderPaid),
    "order.given": (1, order.OrderGiven),
    "order.given_back": (1, order.OrderGivenBack),
    "order.cancelled": (2, order.OrderCancelled),
    "order.lines_cancelled": (1, order.LinesCancelled),
    "order.review_begun": (1, orderreview.ReviewBegun),
    "order.review_approved": (1, orderreview.ReviewApproved),
    "order.review_rejected": (1, orderreview.ReviewRejected),
    "order.return_requested": (1, returns.ReturnRequested),
    "order.return_approved": (1, returns.ReturnApproved),
    "order.return_rejected": (1, returns.ReturnRejected),
    "order.return_received": (1, returns.ReturnReceived),
    "order.refunded": (1, order.OrderRefunded),
    "order.refund_granted": (2, refund.RefundGranted),
    "order.shipment_packed": (3, shipment.ShipmentPacked),
    "order.shipment_paid": (1, shipment.ShipmentPaid),
    "order.shipment_given": (1, shipment.ShipmentGiven),
    "order.shipment_unpacked": (1, shipment.ShipmentUnpacked),
    "order.shipment_shipped": (1, shipment.ShipmentShipped),
    "order.shipment_delivered": (1, shipment.ShipmentDelivered),
    "payment.authorization_requested": (3, payment.AuthorizationRequested),
    "payment.authorized": (2, payment.PaymentAuthorized),
    "payment.declined": (1, payment.PaymentDeclined),
    "payment.capture_requested": (3, payment.CaptureRequested),
    "payment.captured": (2, payment.PaymentCaptured),
    "payment.capture_refused": (1, payment.CaptureRefused),
    "payment.void_requested": (2, payment.VoidRequested),
    "payment.voided": (2, payment.PaymentVoided),
    "payment.refund_requested": (3, payment.RefundRequested),
    "payment.refunded": (2, payment.PaymentRefunded),
    "payment.refund_refused": (2, payment.RefundRefused),
    "payment.attempt_failed": (1, payment.AttemptFailed),
    "payment.dispute_opened": (1, dispute.DisputeOpened),
    "payment.dispute_won": (1, dispute.DisputeWon),
    "payment.dispute_lost": (1, dispute.DisputeLost),
    "product.created": (1, product.ProductCreated),
    "product.changed": (1, product.ProductChanged),
    "product.published": (1, product.ProductPublished),
    "product.withdrawn": (1, product.ProductWithdrawn),
    "product.variant_added": (1, product.VariantAdded),
    "product.discontinued": (1, product.ProductDiscontinued),
    "promotion.put": (1, promotion.PromotionPut),
    "promotion.ended": (1, promotion.PromotionEnded),
    "push.secret_put": (1, push.PushSecretPut),
    "push.secret_dropped": (1, push.PushSecretDropped),
    "push.taken": (1, push.PushTaken),
    "reset.asked": (1, reset.ResetAsked),
    "review.written": (1, review.ReviewWritten),
    "round.begun": (1, round.RoundBegun),
    "round.finished": (1, round.RoundFinished),
    "rule.put": (1, rule.RulePut),
    "rule.withdrawn": (1, rule.RuleWithdrawn),
    "seller.rated": (1, sellerrating.SellerRated),
    "shop.opened": (1, shop.ShopOpened),
    "shop.renamed": (1, shop.ShopRenamed),
    "stock.received": (1, inventory.StockReceived),
    "stock.adjusted": (1, inventory.StockAdjusted),
    "stock.held": (1, inventory.StockHeld),
    "stock.refused": (1, inventory.StockRefused),
    "stock.committed": (1, inventory.StockCommitted),
    "stock.released": (1, inventory.StockReleased),
    "stock.hold_barred": (1, inventory.HoldBarred),
    "stock.uncommitted": (2, inventory.StockUncommitted),
    "stock.shipped": (1, inventory.StockShipped),
    "stock.returned": (1, inventory.StockReturned),
    "subscription.created": (1, subscription.SubscriptionCreated),
    "subscription.disabled": (1, subscription.SubscriptionDisabled),
    "subscription.deleted": (1, subscription.SubscriptionDeleted),
    "watch.begun": (1, watch.WatchBegun),
    "watch.ended": (1, watch.WatchEnded),
    "watch.watcher_called": (1, watch.WatcherCalled),
    "watch.watchers_left": (1, watch.WatchersLeft),
    "wishlist.item_wished": (2, wishlist.ItemWished),
    "wishlist.item_unwished": (1, wishlist.ItemUnwished),
    "wishlist.cleared": (1, wishlist.WishlistCleared),
}


class UnknownEvent(ValueError):
    """The log holds an event this version of Kontor does not know: written by a newer version, or damaged."""


_ENCODER = msgspec.msgpack.Encoder()
_DECODERS = {f"{name}@{version}": msgspec.msgpack.Decoder(kind) for name, (version, kind) in EVENTS.items()}
_META_DECODER = msgspec.msgpack.Decoder(Meta)

TOPICS: dict[type[Event], str] = {kind: f"{name}@{version}" for name, (version, kind) in EVENTS.items()}
"""The stored topic of each class: its name and schema version, ``order.placed@2``."""

DAMAGED = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for bytes that are none of ours: text that is not UTF-8, and arrays within arrays within arrays,
are not among its own errors."""

encode = _ENCODER.encode
decode_meta = _META_DECODER.decode


def decode(topic: str, data: bytes) -> Event:
    """The event stored as ``topic``, lifted to today's shape.

    Raises UnknownEvent for a name or version from the future, one of DAMAGED for damaged bytes.
    """
    decoder = _DECODERS.get(topic)
    if decoder is not None:
        event: Event = decoder.decode(data)
        return event
    return _decode_older(topic, data)


def _decode_older(topic: str, data: bytes) -> Event:
    name, _, version = topic.partition("@")
    known = EVENTS.get(name)
    if known is None or not version.isdecimal() or not 1 <= int(version) <= known[0]:
        raise UnknownEvent(topic)
    current, kind = known
    plain = msgspec.msgpack.decode(data, type=dict[str, Any])
    return msgspec.convert(upcast(name, int(version), current, plain), kind)


def topics_of(name: str) -> list[str]:
    """Every topic under which events of a known name may lie in the log."""
    return [f"{name}@{version}" for version in range(1, EVENTS[name][0] + 1)]


def stored_name(event: Event) -> str:
    """``order.placed`` without its version."""
    return TOPICS[type(event)].partition("@")[0]
