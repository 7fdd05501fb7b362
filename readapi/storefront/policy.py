"""What documents forbid browsers to do, for the case that something got onto a page that should not be there."""

from __future__ import annotations


def headers(write: str) -> dict[str, str]:
    """Of every document. ``write`` is the origin of the command service, or empty."""
    return {
        "Content-Security-Policy": policy(write),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    }


def policy(write: str) -> str:
    """Nothing runs or is drawn that is not a file of ours; strings never become markup, which Trusted Types see to.
    Pictures of products may come from anywhere that encrypts. JSON-LD is data, of which a policy knows nothing."""
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' https:",
            "font-src 'self'",
            f"connect-src 'self' {write}".rstrip(),
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )
