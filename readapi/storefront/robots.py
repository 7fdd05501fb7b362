"""What programs are asked to leave alone (RFC 9309): what is somebody's own, and results, of which there is no end.

The API stays open to them: pages that they run ask it, and pictures lie there.
"""

from __future__ import annotations

from starlette.responses import Response

from readapi.storefront.sitemap import INDEX

CLOSED = (
    "/search",
    "/cart",
    "/checkout",
    "/orders",
    "/wishlist",
    "/account",
    "/sign-in",
    "/forgotten-password",
    "/new-password",
    "/new-email",
    "/confirm-email",
    "/console",
)
"""Each with all that begins so."""
KEPT_S = 3_600


def robots(base: str | None) -> Response:
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in CLOSED)]
    if base is not None:
        lines += ["", f"Sitemap: {base}{INDEX}"]
    headers = {"Cache-Control": f"public, max-age={KEPT_S}"}
    return Response("\n".join((*lines, "")), headers=headers, media_type="text/plain")
