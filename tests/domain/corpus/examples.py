"""One event of each kind with every field in use, and old shapes as they were written.

Only read when a file of the corpus is missing: changing an example here changes no file that is there.
"""

from __future__ import annotations

from domain import claim
from domain.books import difference, ledger, round
from domain.buyers import account, cart, confirmation, emailchange, reset, scopes, secondfactor, watch, wishlist
from domain.catalog import category, media, product, review, rule
from domain.decider import Event
from domain.inventory import inventory
from domain.money import Money
from domain.orders import order, orderreview, refund, returns, shipment, tender
from domain.outgoing import delivery, subscription
from domain.payments import dispute, giftcard, payment
from domain.pricing import board, promotion
from domain.pricing.serviceability import Undeliverable
from domain.sellers import drop, merchantfeed, offer, push, sellerrating, shop
from tests.domain.corpus.parts import (
    ACCOUNT,
    ADDRESS,
    AT,
    COUNTS,
    DESCRIPTION,
    FEED,
    INK,
    LINE,
    MARK,
    MEASURED,
    ORDER,
    PAYMENT,
    PEN,
    PRICE,
    QUOTE,
    SCHEMA,
    TERMS,
    TOLD,
)

ACCOUNTS: list[Event] = [
    account.AccountRegistered("clm_email.3q2-7w", b"\x00sealed\xff", ("customer", "merchant")),
    account.ProfileChanged(b"\x01sealed\xfe"),
    account.ScopeGranted("admin"),
    account.ScopeRevoked("admin"),
    scopes.ReliedOn("admin"),
    account.GroupsAssigned(("staff", "teachers")),
    account.AddressPut(ADDRESS),
    account.AddressRemoved("adr_01K"),
    account.PaymentMethodAdded(account.PaymentMethod("pmt_01K", "pm_card_visa")),
    account.PaymentMethodRemoved("pmt_01K"),
    account.NotificationsChosen(True),
    account.PasswordChanged(),
    emailchange.EmailChangeAsked("clm_email.9a-1", b"\x02sealed\xfd", AT),
    emailchange.EmailChanged("clm_email.9a-1", b"\x03sealed\xfc", b"\x04sealed\xfb"),
    confirmation.EmailConfirmationAsked("clm_email.9a-1", AT),
    confirmation.EmailConfirmed("clm_email.9a-1"),
    reset.ResetAsked(AT),
    secondfactor.SecondFactorAdded(),
    secondfactor.SecondFactorRemoved(),
    secondfactor.RecoveryCodesDrawn(),
    account.AccountErased(),
    claim.ClaimTaken("prd_01K"),
    claim.ClaimReleased("prd_01K"),
]
CARTS: list[Event] = [
    cart.CartOpened(AT, ACCOUNT),
    cart.ItemAdded(LINE),
    cart.QuantityChanged("lin_01K", 3),
    cart.ItemRemoved("lin_01K"),
    cart.CouponAdded("SPRING"),
    cart.CouponRemoved("SPRING"),
    cart.CartMerged("crt_02K", (LINE,), ("SPRING",)),
    cart.CartMergedInto("crt_01K"),
    cart.CartCheckedOut(ORDER, ("lin_01K", "lin_02K"), AT, {"lin_01K": 2, "lin_02K": 1}),
    cart.CartReopened(ORDER, (LINE,), "crt_01K", ("SPRING",)),
]
CATALOG: list[Event] = [
    offer.OfferPut("prd_01K", offer.Terms(PRICE, Money(2499, "USD"), ("US", "CA"), "cart", 5, True)),
    offer.OfferWithdrawn(),
    drop.DropAnnounced("drp_01K", drop.DropTerms(AT, AT + 86_400_000, 600, 300_000), "9f86d081" * 8),
    drop.DropOpened("drp_01K", "9f86d081" * 4, 10_000),
    drop.DropEnded("drp_01K", "called_off"),
    product.ProductCreated(ACCOUNT, DESCRIPTION, (product.Variant("PEN-1", {"colour": "red", "size": 2}),), "3920564"),
    product.ProductChanged(DESCRIPTION),
    product.ProductPublished(),
    product.ProductWithdrawn(),
    product.VariantAdded(product.Variant("PEN-2", {"colour": "blue"})),
    product.ProductDiscontinued(),
    category.CategoryPut(("Office", "Pens"), {"de": "Stifte"}, SCHEMA),
    category.CategoryClosed(),
    promotion.PromotionPut(TERMS),
    promotion.PromotionEnded(),
    board.PromotionPosted("prm_01K"),
    board.PromotionTakenDown("prm_01K"),
    sellerrating.SellerRated(ACCOUNT, 4, AT, 12, 50, 2),
    shop.ShopOpened(ACCOUNT, "Pens & Co", "US", "USD"),
    shop.ShopRenamed("Ink & Co"),
]
WISHES: list[Event] = [
    wishlist.ItemWished("PEN-1", "prd_01K", AT, PRICE, True),
    wishlist.ItemUnwished("PEN-1"),
    wishlist.WishlistCleared(("PEN-1", "INK-1")),
    watch.WatchBegun(ACCOUNT, "PEN-1", 7, PRICE, True),
    watch.WatchEnded(ACCOUNT, "PEN-1"),
    watch.WatcherCalled(ACCOUNT, "PEN-1", "price_drop", "Pen", PRICE, 9, AT, PRICE),
    watch.WatchersLeft("PEN-1", True, 9),
    review.ReviewWritten(ACCOUNT, 4, AT, b"\x00sealed\xff", 2),
]
STOCK: list[Event] = [
    inventory.StockReceived(12, "delivery"),
    inventory.StockAdjusted(-2, "broken", AT),
    inventory.StockHeld(ORDER, 2, AT + 600_000, ACCOUNT, True, "crt_01K", AT),
    inventory.StockRefused(ORDER, 2, 1, "out_of_stock"),
    inventory.StockCommitted(ORDER, 2, ACCOUNT, AT),
    inventory.StockReleased(ORDER, 2, "expired"),
    inventory.HoldBarred(ORDER),
    inventory.StockUncommitted(ORDER, 2, "cancelled", ACCOUNT, "can_01K"),
    inventory.StockShipped("shi_01K", 2, 1),
    inventory.StockReturned("ret_01K", 1),
]
PURCHASES: list[Event] = [
    order.OrderPlaced(
        account_id=ACCOUNT,
        cart_id="crt_01K",
        generation=4,
        quote=QUOTE,
        address=b"\x00sealed\xff",
        country="US",
        region="CA",
        payment_token="pm_card_visa",
        at=AT,
        hold_until=AT + 600_000,
        limits={PEN: 5},
        backorder=(INK,),
        cart_holds=(PEN,),
        capture="later",
        capture_at=AT + 86_400_000,
        review=("amount", "country"),
        review_within=259_200_000,
        gift_card=tender.Covered("gft_01K", PRICE),
    ),
    orderreview.ReviewBegun(ACCOUNT, PRICE, ("amount", "country"), AT, AT + 259_200_000),
    orderreview.ReviewApproved(AT, ACCOUNT, b"\x00sealed\xff"),
    orderreview.ReviewRejected(AT, ACCOUNT, b"\x00sealed\xff"),
    order.OrderConfirmed(),
    order.OrderPaid(PAYMENT),
    order.OrderCancelled("cancelled", ACCOUNT, {"lin_01K": 1, "lin_02K": 0}, b"\x00sealed\xff"),
    order.LinesCancelled("can_01K", {"lin_01K": 1}, AT, ACCOUNT, b"\x00sealed\xff"),
    returns.ReturnRequested("ret_01K", "shp_01K", {"lin_01K": 1}, AT, ACCOUNT, b"\x00sealed\xff"),
    returns.ReturnApproved("ret_01K", AT, "UPS", "1Z999AA10123456784"),
    returns.ReturnRejected("ret_01K", AT, b"\x00sealed\xff"),
    returns.ReturnReceived("ret_01K", {"lin_01K": 1}, True, AT),
    order.OrderGiven(Money(0, "USD")),
    order.OrderGivenBack(Money(0, "USD"), {"lin_1": 1}),
    order.OrderRefunded(),
    refund.RefundGranted(
        "rfd_01K",
        Money(2450, "USD"),
        "damaged",
        AT,
        (refund.RefundLine("lin_01K", 1, Money(2000, "USD"), Money(150, "USD")),),
        {"shp_01K": Money(450, "USD")},
        "ret_01K",
        Money(1000, "USD"),
    ),
    shipment.ShipmentPacked("shi_01K", "shp_01K", {"lin_01K": 2}, AT, "UPS", "1Z999AA10123456784", PRICE),
    shipment.ShipmentPaid("shi_01K", PRICE),
    shipment.ShipmentGiven("shi_01K", Money(0, "USD")),
    shipment.ShipmentUnpacked("shi_01K", AT),
    shipment.ShipmentShipped("shi_01K", "UPS", "1Z999AA10123456784", {"lin_01K": 2}, AT),
    shipment.ShipmentDelivered("shi_01K", AT),
    payment.AuthorizationRequested(ORDER, PRICE, "pm_card_visa", True, AT),
    payment.PaymentAuthorized("ch_01K", AT),
    payment.PaymentDeclined("card_declined"),
    payment.CaptureRequested(PRICE, "ch_01K", "shi_01K", AT),
    payment.PaymentCaptured(PRICE, "shi_01K"),
    payment.CaptureRefused("shi_01K", "authorization_expired"),
    payment.VoidRequested("ch_01K", "cancelled", AT),
    payment.PaymentVoided(PRICE),
    payment.RefundRequested(PRICE, "ch_01K", "cancelled", "rfd_01K", AT),
    payment.PaymentRefunded(PRICE, "rfd_01K"),
    payment.RefundRefused("rfd_01K", "disputed", PRICE),
    payment.AttemptFailed("pay_01K/1", 2, "GatewayTimeout: no answer"),
    dispute.DisputeOpened("dp_01K", PRICE, "fraudulent", AT, AT + 604_800_000),
    dispute.DisputeWon("dp_01K", PRICE, AT),
    dispute.DisputeLost("dp_01K", PRICE, AT),
]
GIFT_CARDS: list[Event] = [
    giftcard.GiftCardIssued(Money(5000, "USD"), AT + 86_400_000, "shp_01K"),
    giftcard.GiftCardReserved(ORDER, PRICE),
    giftcard.GiftCardRefused(ORDER, PRICE, "empty"),
    giftcard.GiftCardReleased(ORDER, PRICE),
    giftcard.GiftCardRedeemed(ORDER, PRICE),
    giftcard.GiftCardRefunded(ORDER, PRICE, "rfd_01K"),
    giftcard.GiftCardDisabled(),
    media.PictureAdded("pic_01K", "media/prd_01K/pic_01K.jpg", "image/jpeg", 204_800, AT, "Füller", 2),
    media.PictureDescribed("pic_01K", "Füller, offen", 0, AT),
    media.PictureRemoved("pic_01K", AT),
    media.PictureRendered("pic_01K", 1200, 800, "0f3a", ((160, 107), (320, 213)), AT),
    merchantfeed.FeedPut("prices", FEED, AT),
    merchantfeed.FeedPaused("prices", AT),
    merchantfeed.FeedResumed("prices", AT),
    merchantfeed.FeedDeleted("prices", AT),
    merchantfeed.RunAsked("prices", "run_01K", AT, anew=True),
    merchantfeed.RunBegun("prices", "run_01K", "3f2a", AT, AT + 60_000),
    merchantfeed.RunRenewed("prices", "3f2a", AT + 90_000),
    merchantfeed.RunFinished("prices", "run_01K", AT, "cut_off", "the file ends in a row", COUNTS, 2, MARK),
    push.PushSecretPut(b"\x00sealed\xff", AT),
    push.PushSecretDropped(AT),
    push.PushTaken(b"0123456789abcdef", AT, COUNTS),
]
OUTGOING: list[Event] = [
    subscription.SubscriptionCreated(
        "sub_01K", "https://hooks.example/kontor", ("order.*",), b"\x00sealed\xff", 41, AT
    ),
    subscription.SubscriptionDisabled("sub_01K", "gone", AT),
    subscription.SubscriptionDeleted("sub_01K", AT),
    delivery.DeliveryBegun(41),
    delivery.DeliveryTaken("worker-1", AT + 60_000),
    delivery.DeliveryReleased("worker-1"),
    delivery.DeliveryAdvanced(57, AT + 60_000, 3),
    delivery.DeliveryFailed("ord_01K/3", 50, 2, AT + 10_000, AT, "answered 500"),
    delivery.DeliverySettled("ord_01K/3", "skipped", "erased"),
    delivery.DeliverySkipped("ord_01K/2", "not wanted"),
    delivery.DeliveryParked("ord_01K/4", 52, 20, AT, AT + 259_200_000, "answered 500"),
    delivery.DeliveryAsked("ord_01K/4", 52, AT),
    delivery.DeliveryHurried(AT),
    delivery.DeliveryDropped("ord_01K/4"),
]
RECONCILIATION: list[Event] = [
    difference.DifferenceFound(
        difference.Difference(
            "captured_without_order", ORDER, "ch_01K", PRICE, Money(0, "USD"), AT - 60_000, "cancelled"
        ),
        AT,
    ),
    difference.DifferenceExplained("The provider was asked.", ACCOUNT, AT),
    difference.DifferenceSettled("Paid back by hand.", ACCOUNT, AT),
    round.RoundBegun(AT),
    round.RoundFinished(AT + 1_000, AT - 60_000, 20, 41, 1, 2),
]
LEDGER: list[Event] = [
    ledger.LedgerPosted(
        (
            ledger.Transaction(
                cause="pay_01K/4",
                position=41,
                kind="captured",
                order_id=ORDER,
                amount=1999,
                currency="USD",
                at=AT,
                postings=(
                    ledger.Posting(ledger.CUSTOMER, 1999, "sale"),
                    ledger.Posting(ledger.seller("shp_01K"), -1999, "goods"),
                    ledger.Posting(ledger.seller("shp_01K"), 100, "fee"),
                    ledger.Posting(ledger.FEES, -100, "fee"),
                    ledger.Posting(ledger.PROVIDER, 1999, "payment"),
                    ledger.Posting(ledger.CUSTOMER, -1999, "payment"),
                ),
            ),
        )
    ),
    ledger.CommissionSet(50_000, 40),
]
RULES: list[Event] = [
    rule.RulePut(
        rule.Restriction(("US-CA", "DE"), rule.Scope((("Office", "Pens"),), ("Pens & Co",), ("prd_01K",)), "ink law")
    ),
    rule.RuleWithdrawn(),
]
TODAY = (
    ACCOUNTS + CARTS + WISHES + CATALOG + STOCK + PURCHASES + GIFT_CARDS + OUTGOING + RECONCILIATION + LEDGER + RULES
)


PARTICULAR: dict[str, Event] = {
    "account.notifications_chosen@1.wishes": account.NotificationsChosen(False, True),
    "cart.merged_into@1.lines": cart.CartMergedInto("crt_01K", (LINE,), ("SPRING",)),
    "product.created@1.family": product.ProductCreated(
        ACCOUNT,
        MEASURED,
        (product.Variant("PEN-1", {"colour": "red"}), product.Variant("PEN-2", {"colour": "blue"})),
        draft=True,
        axes=("colour",),
    ),
    "offer.put@1.scheduled": offer.OfferPut(
        "prd_01K",
        offer.Terms(
            PRICE,
            prices=(
                offer.ScheduledPrice(Money(1499, "USD"), AT, AT + 86_400_000, name="Black Friday"),
                offer.ScheduledPrice(Money(1200, "USD"), group="wholesale"),
            ),
        ),
    ),
    "order.refund_granted@2.apart": refund.RefundGranted(
        "rfd_01K",
        Money(2000, "USD"),
        "cancelled",
        AT,
        (refund.RefundLine("lin_01K", 1, Money(2000, "USD"), Money(150, "USD")),),
        cause="can_01K",
        apart=True,
    ),
    "order.placed@5.undeliverable": order.OrderPlaced(
        ACCOUNT,
        "crt_01K",
        4,
        QUOTE,
        b"\x00sealed\xff",
        "US",
        "CA",
        "pm_card_visa",
        AT,
        AT + 600_000,
        undeliverable=(
            Undeliverable("lin_01K", "restricted", "it may not be sold there: TB 117"),
            Undeliverable("lin_02K", "not_shipped", "its seller does not ship to US"),
        ),
    ),
    "product.changed@1.measured": product.ProductChanged(MEASURED),
    "product.created@1.texts": product.ProductCreated(ACCOUNT, TOLD, (product.Variant("PEN-1"),)),
    "product.changed@1.texts": product.ProductChanged(TOLD),
}
"""Files of their own for what was added to an event that had files already, by topic and what is particular."""
