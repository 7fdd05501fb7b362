"""What can be offered, as a specification."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from domain.catalog import product
from domain.catalog.language import DESCRIPTION_MAX, TITLE_MAX
from domain.catalog.product import (
    PRODUCT,
    AddVariant,
    ChangeProduct,
    CreateProduct,
    Description,
    DiscontinueProduct,
    ProductPublished,
    ProductWithdrawn,
    PublishProduct,
    Variant,
    VariantAdded,
    WithdrawProduct,
)
from domain.errors import IllegalTransition, Invalid, NotFound
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
        ({"title": "x" * (TITLE_MAX + 1)}, "/title"),
        ({"description": "x" * (DESCRIPTION_MAX + 1)}, "/description"),
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
        {"title": "x" * TITLE_MAX},
        {"description": "x" * DESCRIPTION_MAX},
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


# drafts


def test_a_draft_is_published_withdrawn_and_published_again():
    draft = given(PRODUCT).when(replace(CREATE, draft=True)).then(replace(CREATED, draft=True))
    assert draft.state.draft
    draft.when(WithdrawProduct(ID)).then_nothing()
    published = draft.when(PublishProduct(ID)).then(ProductPublished())
    assert not published.state.draft
    published.when(PublishProduct(ID)).then_nothing()
    withdrawn = published.when(WithdrawProduct(ID)).then(ProductWithdrawn())
    assert withdrawn.state.draft
    withdrawn.when(ChangeProduct(ID, replace(TEXT, title="Pen"))).then(
        product.ProductChanged(replace(TEXT, title="Pen"))
    )


@pytest.mark.parametrize("command", [PublishProduct(ID), WithdrawProduct(ID), AddVariant(ID, Variant("PEN-BLUE"))])
def test_what_is_discontinued_or_never_was_is_neither_published_nor_added_to(command):
    given(PRODUCT, CREATED, DISCONTINUED).when(command).then_refused(IllegalTransition)
    given(PRODUCT).when(command).then_refused(NotFound)


# families

FAMILY = replace(CREATE, axes=("colour",))
BORN = replace(CREATED, axes=("colour",))


def test_variants_of_a_family_differ_by_its_axes():
    family = given(PRODUCT).when(FAMILY).then(BORN)
    blue = Variant("PEN-BLUE", {"colour": "blue", "nib": "M"})
    bigger = family.when(AddVariant(ID, blue)).then(VariantAdded(blue))
    assert bigger.state.skus == ("PEN-BLACK", "PEN-RED", "PEN-BLUE")
    bigger.when(AddVariant(ID, blue)).then_nothing()
    again = bigger.when(AddVariant(ID, Variant("PEN-AZURE", {"colour": "blue"}))).then_refused(Invalid)
    assert (again.pointer, again.detail) == ("/attributes", "another variant has the same colour")
    assert family.when(AddVariant(ID, Variant("PEN-X"))).then_refused(Invalid).pointer == "/attributes/colour"


def test_a_sku_stands_for_one_place_in_its_family():
    family = given(PRODUCT, BORN)
    family.when(AddVariant(ID, Variant("PEN-RED", {"colour": "red", "nib": "broad"}))).then_nothing()
    family.when(AddVariant(ID, Variant("PEN-RED"))).then_nothing()
    moved = family.when(AddVariant(ID, Variant("PEN-RED", {"colour": "blue"}))).then_refused(IllegalTransition)
    assert moved.detail == "PEN-RED has another colour; give what differs a SKU of its own"
    given(PRODUCT, CREATED).when(AddVariant(ID, Variant("PEN-RED", {"colour": "blue"}))).then_nothing()


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"axes": ("size",)}, "/variants/0/attributes/size"),
        ({"axes": ("colour", "colour")}, "/axes"),
        ({"axes": tuple("abcdef")}, "/axes"),
        ({"variants": (*VARIANTS, Variant("PEN-RUBY", {"colour": "red"}))}, "/variants/2/attributes"),
        ({"variants": (*VARIANTS, Variant("PEN-X", {"nib": "F"}))}, "/variants/2/attributes/colour"),
    ],
)
def test_a_family_that_cannot_be_told_apart_is_refused(change, pointer):
    assert given(PRODUCT).when(replace(FAMILY, **change)).then_refused(Invalid).pointer == pointer


def test_a_family_of_five_axes_and_one_of_none():
    attributes = dict.fromkeys("abcde", 1)
    five = replace(CREATE, axes=tuple("abcde"), variants=(Variant("X", attributes),))
    given(PRODUCT).when(five).then(replace(CREATED, axes=tuple("abcde"), variants=five.variants))
    alike = Variant("PEN-RUBY", {"colour": "red"})
    given(PRODUCT, CREATED).when(AddVariant(ID, alike)).then(VariantAdded(alike))


def test_a_family_is_not_too_large():
    many = tuple(Variant(str(i)) for i in range(product.VARIANTS_MAX - 1))
    almost = (
        given(PRODUCT, replace(CREATED, variants=many))
        .when(AddVariant(ID, Variant("x")))
        .then(VariantAdded(Variant("x")))
    )
    almost.when(AddVariant(ID, Variant("y"))).then_refused(Invalid)
    wordy = Variant("z", {str(i): i for i in range(product.ATTRIBUTES_MAX + 1)})
    assert given(PRODUCT, CREATED).when(AddVariant(ID, wordy)).then_refused(Invalid).pointer == "/attributes"
