"""What can be offered, as a specification."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from domain import product
from domain.errors import IllegalTransition, Invalid, NotFound
from domain.product import PRODUCT, ChangeProduct, CreateProduct, Description, DiscontinueProduct, Variant
from tests.spec import given

ID = "prd_1"
TEXT = Description("Fountain pen", "Writes.", "Lamy", ("Office", "Pens"), {"nib": "M", "refill": True}, ("pen.jpg",))
VARIANTS = (Variant("PEN-BLACK", {"colour": "black"}), Variant("PEN-RED", {"colour": "red"}))
CREATE = CreateProduct(ID, "usr_1", TEXT, VARIANTS, "ext-1")
CREATED = product.ProductCreated("usr_1", TEXT, VARIANTS, "ext-1")
DISCONTINUED = product.ProductDiscontinued()
DISCONTINUE = DiscontinueProduct(ID)


def test_a_product_is_created_once():
    created = given(PRODUCT).when(CREATE).then(CREATED)
    assert created.state.skus == ("PEN-BLACK", "PEN-RED")
    created.when(CREATE).then_nothing()


def test_a_change_is_recorded_once_and_only_if_there_is_one():
    better = replace(TEXT, description="Writes well.")
    change = ChangeProduct(ID, better)
    given(PRODUCT, CREATED).when(change).then(product.ProductChanged(better)).when(change).then_nothing()
    given(PRODUCT, CREATED).when(ChangeProduct(ID, TEXT)).then_nothing()


def test_the_order_of_attributes_is_no_change():
    turned = replace(TEXT, attributes=dict(reversed(TEXT.attributes.items())))
    given(PRODUCT, CREATED).when(ChangeProduct(ID, turned)).then_nothing()


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"title": ""}, "/title"),
        ({"title": "  "}, "/title"),
        ({"title": "x" * (product.TITLE_MAX + 1)}, "/title"),
        ({"description": "x" * (product.DESCRIPTION_MAX + 1)}, "/description"),
        ({"attributes": {str(i): i for i in range(product.ATTRIBUTES_MAX + 1)}}, "/attributes"),
        ({"category": ("x",) * (product.CATEGORY_DEPTH_MAX + 1)}, "/category"),
        ({"media": ("x",) * (product.MEDIA_MAX + 1)}, "/media"),
    ],
)
def test_a_description_is_refused_by_name(change, pointer):
    wrong = replace(TEXT, **change)
    assert given(PRODUCT).when(replace(CREATE, description=wrong)).then_refused(Invalid).pointer == pointer
    assert given(PRODUCT, CREATED).when(ChangeProduct(ID, wrong)).then_refused(Invalid).pointer == pointer


@pytest.mark.parametrize(
    ("variants", "pointer"),
    [
        ((), "/variants"),
        (tuple(Variant(str(i)) for i in range(product.VARIANTS_MAX + 1)), "/variants"),
        ((*VARIANTS, Variant("PEN-RED")), "/variants/2/sku"),
    ],
)
def test_variants_have_skus_of_their_own_and_are_not_too_many(variants, pointer):
    assert given(PRODUCT).when(replace(CREATE, variants=variants)).then_refused(Invalid).pointer == pointer


def test_a_product_is_discontinued_once_and_for_good():
    gone = given(PRODUCT, CREATED).when(DISCONTINUE).then(DISCONTINUED)
    assert gone.state == product.DiscontinuedProduct("usr_1", ("PEN-BLACK", "PEN-RED"))
    gone.when(DISCONTINUE).then_nothing()
    gone.when(CREATE).then_nothing()
    gone.when(ChangeProduct(ID, TEXT)).then_refused(IllegalTransition)


@pytest.mark.parametrize("command", [ChangeProduct(ID, TEXT), DISCONTINUE])
def test_a_product_that_never_was_is_not_found(command):
    given(PRODUCT).when(command).then_refused(NotFound)


@pytest.mark.parametrize(
    "change",
    [
        {"title": "x" * product.TITLE_MAX},
        {"description": "x" * product.DESCRIPTION_MAX},
        {"attributes": {str(i): i for i in range(product.ATTRIBUTES_MAX)}},
        {"category": ("x",) * product.CATEGORY_DEPTH_MAX},
        {"media": ("x",) * product.MEDIA_MAX},
    ],
)
def test_a_description_may_be_as_long_as_this(change):
    text = replace(TEXT, **change)
    given(PRODUCT).when(replace(CREATE, description=text)).then(replace(CREATED, description=text))


@pytest.mark.parametrize("number", [1, product.VARIANTS_MAX])
def test_variants_may_be_as_few_and_as_many_as_this(number):
    variants = tuple(Variant(str(i)) for i in range(number))
    given(PRODUCT).when(replace(CREATE, variants=variants)).then(replace(CREATED, variants=variants))
