"""Pictures of products: a permission to upload one, taking it up, describing, removing."""

from __future__ import annotations

import contextlib
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path
from pydantic import ConfigDict, Field, StrictInt
from starlette.requests import Request
from starlette.responses import Response

from commands.batch import Outcome
from domain.catalog.media import (
    ALT_MAX,
    LAST,
    SIZE_MAX,
    TYPES,
    AddPicture,
    DescribePicture,
    Gallery,
    Picture,
    RemovePicture,
    RenderPicture,
    gallery_id,
    picture_of,
    renditions_of,
    require_room,
)
from domain.decider import Command
from domain.errors import NotFound
from domain.instants import instant
from readapi.edge.ids import require_id
from readapi.edge.openapi import OPTIONAL_KEY, problem_responses, signed_in, taking
from readapi.edge.positions import HEADER, format_position
from readapi.edge.principal import RequiredPrincipal
from readapi.edge.problems import Overloaded, ProblemError
from readapi.edge.schemas import ONE_LINE
from readapi.shapes.renditions import HEIGHT, RENDITIONS, WIDTH, RenditionOut
from readapi.shapes.shape import Shape
from readapi.shown.pictures import address_of, sizes_json
from streams.objects.folder import UPLOADS, FolderObjects
from streams.objects.port import Objects, ObjectsUnavailable, TooLarge
from streams.objects.tickets import CHARS_MAX, BadTicket
from streams.renditions.places import NoPlace
from writeapi.bodies.replies import REPLIES, CommandReply
from writeapi.merchants.pictures import TakenUp, once_more, take_up, upload_name
from writeapi.merchants.uploads import UPLOAD_S, permit
from writeapi.requests import Body, command_reply, context_of, execute, fresh_id, optional_key, services_of
from writeapi.routes.products import own_product
from writeapi.services import WriteServices

router = APIRouter(tags=["merchants"])
ID = Field(examples=["pic_01KARQ0000ABCDEFGHJKMNPQRS"])
MediaType = Literal["image/jpeg", "image/png", "image/webp", "image/gif", "image/avif"]
Alt = Annotated[str, Field(max_length=ALT_MAX, examples=["The bed from the front"]), ONE_LINE]
Position = Annotated[StrictInt, Field(ge=0, le=LAST, examples=[0])]
MediaId = Annotated[str, Path(max_length=40, examples=["pic_01KARQ0000ABCDEFGHJKMNPQRS"])]
AWAY = problem_responses("overloaded")
FILE = {
    "requestBody": {
        "required": True,
        "description": "The file itself.",
        "content": {media_type: {"schema": {"type": "string", "format": "binary"}} for media_type in TYPES},
    }
}


class UploadIn(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"type": "image/jpeg", "size": 204800}]})

    type: MediaType
    size: Annotated[StrictInt, Field(ge=1, le=SIZE_MAX, description="bytes")]


class UploadReply(Shape):
    media_id: str = ID
    method: Literal["POST", "PUT"] = Field(
        description="POST a form with `fields` and then `file`; or PUT the file with `headers`"
    )
    url: str = Field(description="a path is of this service")
    fields: dict[str, str]
    headers: dict[str, str]
    expires_at: str = Field(examples=["2026-01-01T12:10:00Z"])
    position: str = Field(description="opaque; where the log stands", examples=["4711"])


class PictureIn(Body):
    """What was uploaded under this id. Without ``position`` it comes last."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"mediaId": "pic_01KARQ0000ABCDEFGHJKMNPQRS", "alt": "The bed from the front"}]}
    )

    media_id: Annotated[str, Field(max_length=40)]
    alt: Alt = ""
    position: Position = LAST


class PictureChange(Body):
    alt: Alt | None = None
    position: Position | None = None


class PictureReply(CommandReply):
    media_id: str = ID


class PictureTaken(PictureReply):
    width: int | None = WIDTH
    height: int | None = HEIGHT
    renditions: list[RenditionOut] = RENDITIONS
    without_renditions: str | None = Field(
        description="why it could not be decoded; it is shown as it is then",
        examples=["it has more than 50,000,000 pixels"],
    )


@router.post(
    "/api/products/{product_id}/media/uploads",
    status_code=201,
    summary="Where and how to upload a picture",
    responses={201: {"model": UploadReply}, **REPLIES, **AWAY},
    openapi_extra=signed_in(),
)
async def begin_upload(request: Request, product_id: str, body: UploadIn, principal: RequiredPrincipal) -> Response:
    """For one file of this type and at most this size, within ten minutes. It is shown once it is taken up by
    `POST …/media`. Of what nobody takes up only so much may wait for the products of one owner (429 `rate_limited`)."""
    services = services_of(request)
    owner_id = await own_product(services, principal, product_id)
    require_room(await services.engine.state(gallery_id(product_id)))
    now = services.clock()
    media_id = fresh_id("picture", now)
    try:
        name = upload_name(product_id, media_id)
        upload = await permit(_objects(services), services.uploads, owner_id, name, body.type, body.size)
    except ObjectsUnavailable as error:
        raise _away() from error
    reply = {"mediaId": media_id, **upload._asdict(), "expiresAt": instant(now + UPLOAD_S * 1000)}
    return command_reply(reply, position=services.engine.position, status=201, headers={"Cache-Control": "no-store"})


@router.put(
    UPLOADS + "{ticket}",
    status_code=204,
    summary="The upload itself, where files lie in a folder",
    responses=problem_responses("forbidden", "not_found", "overloaded"),
    openapi_extra=FILE,
)
async def upload(request: Request, ticket: Annotated[str, Path(max_length=CHARS_MAX)]) -> Response:
    """At the address and with the headers that `…/media/uploads` gave; the address is the permission."""
    objects = services_of(request).objects
    if not isinstance(objects, FolderObjects):
        raise NotFound("files are uploaded elsewhere: to the url that was given")
    try:
        await objects.take(ticket, request.headers.get("content-type", ""), request.stream())
    except BadTicket as error:
        raise ProblemError("forbidden", str(error)) from error
    except TypeError as error:
        raise ProblemError("unsupported_media_type", str(error)) from error
    except TooLarge as error:
        raise ProblemError("payload_too_large", "the file is larger than was said") from error
    except ObjectsUnavailable as error:
        raise _away() from error
    return Response(None, 204)


@router.post(
    "/api/products/{product_id}/media",
    status_code=201,
    summary="Show a picture that was uploaded",
    responses={201: {"model": PictureTaken}, **REPLIES, **AWAY},
    openapi_extra=taking(OPTIONAL_KEY),
)
async def add_picture(request: Request, product_id: str, body: PictureIn, principal: RequiredPrincipal) -> Response:
    """It is looked at: its type is what its first bytes say, whatever was said before. And it is decoded, to make
    smaller ones of it; what cannot be decoded is shown as it is, and why is said. Once more changes nothing, unless it
    could not be decoded: then it is tried again. Where too many are being decoded (503), send the same request again.
    """
    services = services_of(request)
    owner_id = await own_product(services, principal, product_id)
    gallery: Gallery = await services.engine.state(gallery_id(product_id))
    media_id = require_id("picture", body.media_id, "upload")
    known = next((picture for picture in gallery.pictures if picture.media_id == media_id), None)
    if known is None:
        require_room(gallery)
    taken = await _looked_at(services, owner_id, product_id, known or media_id)
    picture, context = taken.picture, context_of(request, principal.account_id)
    command: Command
    if known is not None and picture.rendered is not None:
        command = RenderPicture(gallery_id(product_id), media_id, context.at, picture.rendered)
    else:
        found = (picture.key, picture.media_type, taken.size)
        said = (body.alt, body.position)
        command = AddPicture(gallery_id(product_id), media_id, *found, context.at, *said, picture.rendered)

    def render(outcome: Outcome) -> Response:
        reply = {"mediaId": media_id, **sizes_json(picture), "withoutRenditions": taken.why_not}
        headers = {"Location": address_of(picture)}
        return command_reply(reply, position=outcome.position, version=outcome.version, status=201, headers=headers)

    told = await execute(request, command, context, render, key=await optional_key(request, principal.account_id))
    if taken.lying is not None:
        with contextlib.suppress(ObjectsUnavailable):  # then it is deleted after a day
            await _objects(services).delete(taken.lying)
    return told


async def _looked_at(services: WriteServices, owner_id: str, product_id: str, picture: Picture | str) -> TakenUp:
    """One that is known already, or what was uploaded under an id. Raises NotFound, Invalid, ProblemError."""
    objects = _objects(services)
    try:
        async with services.decoding.one(owner_id):
            if isinstance(picture, Picture):
                return await once_more(objects, picture)
            return await take_up(objects, owner_id, product_id, picture)
    except NoPlace as error:
        raise Overloaded(5, "too many pictures are being decoded; send the same request again") from error
    except ObjectsUnavailable as error:
        raise _away() from error


@router.patch(
    "/api/products/{product_id}/media/{media_id}",
    summary="Say what a picture shows, or where it stands",
    responses={200: {"model": PictureReply}, **REPLIES},
    openapi_extra=signed_in(),
)
async def describe_picture(
    request: Request, product_id: str, media_id: MediaId, body: PictureChange, principal: RequiredPrincipal
) -> Response:
    services = services_of(request)
    await own_product(services, principal, product_id)
    context = context_of(request, principal.account_id)
    command = DescribePicture(gallery_id(product_id), media_id, context.at, body.alt, body.position)
    outcome = await services.engine.submit(command, context)
    return command_reply({"mediaId": media_id}, position=outcome.position, version=outcome.version)


@router.delete(
    "/api/products/{product_id}/media/{media_id}",
    status_code=204,
    summary="Remove a picture, and its file",
    responses=REPLIES,
    openapi_extra=signed_in(),
)
async def remove_picture(
    request: Request, product_id: str, media_id: MediaId, principal: RequiredPrincipal
) -> Response:
    services = services_of(request)
    await own_product(services, principal, product_id, discontinued_too=True)
    picture = picture_of(await services.engine.state(gallery_id(product_id)), media_id)
    context = context_of(request, principal.account_id)
    outcome = await services.engine.submit(RemovePicture(gallery_id(product_id), media_id, context.at), context)
    with contextlib.suppress(ObjectsUnavailable):  # nothing leads there any more
        for key in (picture.key, *(rendition.key for rendition in renditions_of(picture))):
            await _objects(services).delete(key)
    return Response(None, 204, {HEADER: format_position(outcome.position)})


def _objects(services: WriteServices) -> Objects:
    if services.objects is None:
        raise _away()
    return services.objects


def _away() -> Any:
    return ProblemError("overloaded", "the store of pictures does not answer")
