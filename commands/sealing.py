"""Sealing: what is said of a person, encrypted with that person's own key so that it can be forgotten with the key.

AES-256-GCM; layout: version, key id, nonce, ciphertext with tag. The tag also covers whose it is, so that nobody's data
can be passed off as another's.
"""

from __future__ import annotations

import os
import secrets
from typing import Any

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from commands.vault_errors import VaultError

_VERSION = b"\x01"
_KEY_ID_BYTES = 8
_NONCE_BYTES = 12
_HEADER_BYTES = 1 + _KEY_ID_BYTES + _NONCE_BYTES


def new_key() -> tuple[bytes, bytes]:
    """A key's id and the key."""
    return secrets.token_bytes(_KEY_ID_BYTES), AESGCM.generate_key(256)


class PersonKey:
    __slots__ = ("_cipher", "_head", "key_id")

    def __init__(self, key_id: bytes, key: bytes) -> None:
        self.key_id = key_id
        self._head = _VERSION + key_id
        self._cipher = AESGCM(key)

    def seal(self, person_id: str, data: dict[str, Any]) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        plain = msgspec.msgpack.encode(data)
        return self._head + nonce + self._cipher.encrypt(nonce, plain, self._head + person_id.encode())

    def open(self, person_id: str, sealed: bytes) -> dict[str, Any]:
        """Raises VaultError if the bytes were altered, or sealed with another key."""
        head, nonce = sealed[: 1 + _KEY_ID_BYTES], sealed[1 + _KEY_ID_BYTES : _HEADER_BYTES]
        if len(sealed) <= _HEADER_BYTES or head != self._head:
            raise VaultError(f"sealed with another key than {person_id} has")
        try:
            plain = self._cipher.decrypt(nonce, sealed[_HEADER_BYTES:], head + person_id.encode())
        except InvalidTag:
            raise VaultError(f"sealed data of {person_id} is damaged") from None
        opened: dict[str, Any] = msgspec.msgpack.decode(plain)
        return opened
