"""Settings: built-in defaults, then ``kontor.toml``, then ``KONTOR_*`` variables, then the command line."""

from __future__ import annotations

from difflib import get_close_matches
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from commands.errors import UnusableLog
from projections.cassandraviews.settings import ANYWHERE, copies_of
from readapi.storefront.origins import origin_of
from streams.gateways.signatures import Signer

TOML = Path("kontor.toml")


def _a_secret(value: str | None) -> str | None:
    """Raises ValueError, which does not repeat it."""
    if value is not None:
        Signer(value)
    return value


def _a_mail_server(value: str | None) -> str | None:
    """Raises ValueError, which does not repeat it."""
    if value is not None:
        parsed = urlsplit(value)
        if parsed.scheme not in ("smtp", "smtps") or not _is_whole(parsed) or not parsed.hostname or parsed.port == 0:
            raise ValueError(
                "a mail server is named as smtp://user:password@host:port or smtps://…, a / in the password as %2F"
            )
    return value


def _a_server(value: str | None) -> str | None:
    """Raises ValueError, which does not repeat it."""
    if value is not None and not _is_whole(urlsplit(value)):
        raise ValueError("a server is named as scheme://user:password@host:port, a / in the password as %2F")
    return value


def _is_whole(parsed: SplitResult) -> bool:
    """Not, where a bare / in the password ends the host too soon: clients then quote a part of it as the port."""
    try:
        return parsed.port is None or "@" not in parsed.path
    except ValueError:
        return False


def _an_origin(value: str | None) -> str | None:
    """Raises ValueError."""
    return value if value is None else origin_of(value)


def _when_money_is_taken(value: object) -> str:
    """As a word; in TOML hours may be a number. Raises ValueError."""
    text = str(value)
    if text not in ("immediate", "shipment", "parcel") and not (text.isdecimal() and 1 <= int(text) <= 720):
        raise ValueError("immediate, shipment, parcel, or a number of hours from 1 to 720")
    return text


def _copies(value: object) -> str:
    """As a word; in TOML it may be a number. Raises ValueError."""
    copies_of(str(value))
    return str(value)


class Settings(BaseSettings):
    """What can be set, by ``KONTOR_*`` variables and ``kontor.toml``. Their descriptions are what the
    reference of settings is made of."""

    model_config = SettingsConfigDict(env_prefix="KONTOR_", extra="forbid", toml_file=TOML)

    data: Path = Field(Path("kontor-data"), description="the data folder of the embedded profile")
    profile: Literal["embedded", "full"] = Field("embedded", description="which stores are used")
    postgres_url: str | None = Field(None, repr=False, description="the event log of the full profile")
    postgres_more_urls: tuple[str, ...] = Field(
        (),
        max_length=63,
        repr=False,
        description="further event logs of the full profile, databases or schemas of their own; docs/scale.md",
    )
    vault_url: str | None = Field(
        None, repr=False, description="the vault of the full profile; a database or schema that is not the log's"
    )
    kafka: str | None = Field(None, description="bootstrap servers of the full profile, host:port with commas")
    namespace: str = Field(
        "kontor",
        pattern="^[a-z][a-z0-9_]{0,30}$",
        description="begins every name on the shared servers: topic, keys, index",
    )
    redis_url: Annotated[str | None, AfterValidator(_a_server)] = Field(
        None, repr=False, description="catalog, stock, carts and shops of the full profile"
    )
    elasticsearch_url: Annotated[str | None, AfterValidator(_a_server)] = Field(
        None, repr=False, description="search of the full profile"
    )
    cassandra: str | None = Field(None, description="order history of the full profile, host:port with commas")
    cassandra_consistency: Literal["LOCAL_QUORUM", "QUORUM", "ALL", "LOCAL_ONE", "ONE"] = Field(
        "LOCAL_QUORUM", description="of its reads and writes; with one copy LOCAL_ONE is the same"
    )
    cassandra_replicas: Annotated[str, BeforeValidator(_copies)] = Field(
        "1", description="copies of each row, of a keyspace that is made now: 3, or by data centre eu:3,us:3"
    )
    cassandra_datacenter: str | None = Field(None, description="the near one of several data centres")
    logs: int | None = Field(
        None, ge=1, le=64, description="event logs of the data folder; it keeps as many, and more can be added"
    )
    partitions: int = Field(4, ge=1, le=256, description="of the topic, and so the most workers of a kind at work")
    kafka_replicas: int = Field(1, ge=1, le=99, description="of each partition, of topics that are made now")
    source: Literal["faust", "aiokafka"] = Field("faust", description="what feeds the workers of the full profile")
    instance: str | None = Field(None, description="name of this worker, the same after a restart; else the host's")
    metrics_port: int = Field(
        9100, ge=0, le=65535, description="of relay and workers, and the first of `serve --workers`; 0 for none"
    )
    host: str = "127.0.0.1"
    port: int | None = Field(None, ge=0, le=65535, description="8000 for both services, 8001 write, 8002 read")
    workers: int = Field(1, ge=1, le=64, description="processes that share the port and the data folder")
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    access_log: bool = Field(False, description="one line a request")
    order_log: bool = Field(True, description="one line for each step of an order")
    rate_limits: bool = Field(True, description="refuse clients that ask too often")
    body_limit: int = Field(1 << 20, ge=1024, description="bytes of a request body")
    request_timeout: float = Field(30.0, gt=0, description="seconds")
    requests_at_once: int = Field(
        64,
        ge=0,
        description="let in by each process while it cannot keep up, or what it answers in 0.1 s if that is more; "
        "others get 503; 0: any number",
    )
    access_token_ttl: int = Field(900, ge=1, le=900, description="seconds")
    admin_second_factor: bool = Field(
        False, description="administrators are none until they have a second factor (docs/security.md)"
    )
    archive_after: int = Field(
        180, ge=0, le=36_500, description="days without any event until an order that is over is archived; 0 for never"
    )
    return_days: int = Field(30, ge=0, le=3_650, description="how long after delivery goods can be sent back")
    capture: Annotated[str, BeforeValidator(_when_money_is_taken)] = Field(
        "immediate",
        description="when the money of new orders is taken: immediate, shipment, parcel, or so many hours after "
        "(1 to 720)",
    )
    review_above: int | None = Field(
        None, ge=0, description="a person looks at new orders of more minor units than this, in whatever currency"
    )
    review_countries: str = Field(
        "", pattern="^([A-Z]{2}(,[A-Z]{2})*)?$", description="and at those that go there: country codes with commas"
    )
    review_hours: int = Field(72, ge=1, le=720, description="after which an order nobody looked at is rejected")
    storefront: bool = Field(
        False, description="serve all and serve read also serve the web pages (docs/storefront.md)"
    )
    storefront_name: str = Field("Kontor", min_length=1, max_length=60, description="what the pages call the shop")
    storefront_files: Path | None = Field(
        None, description="a folder laid over the files of the pages: brand.css, mark.svg"
    )
    storefront_write_url: Annotated[str | None, AfterValidator(_an_origin)] = Field(
        None, description="origin of serve write for the pages, where it is not their own: https://write.shop.example"
    )
    storefront_url: Annotated[str | None, AfterValidator(_an_origin)] = Field(
        None,
        description="origin where people find the pages, for links in letters and for search engines: https://shop.example",
    )
    rank_popularity: float = Field(
        3.0,
        ge=0,
        le=1_000,
        description="points that searches give the best seller; a word in a title is worth 10 to 25",
    )
    rank_conversion: float = Field(1.5, ge=0, le=1_000, description="what is always bought once it is in a cart")
    rank_rating: float = Field(1.5, ge=0, le=1_000, description="what has five stars from many")
    rank_availability: float = Field(4.0, ge=0, le=1_000, description="what is in stock")
    rank_margin: float = Field(0.0, ge=0, le=1_000, description="what the marketplace would keep the whole price of")
    rank_likeness: float = Field(
        0.25, ge=0, le=1, description="what is most like the first results, as a share of the best score"
    )
    otlp_url: str | None = Field(None, description="collector of traces, such as http://collector:4318/v1/traces")
    cors_origins: tuple[str, ...] = ()
    aggregates_cached_max: int = Field(20_000, ge=100, description="aggregates kept in memory")
    provider: Literal["simulated", "stripe"] = Field("simulated", description="whom payments go through")
    stripe_secret_key: str | None = Field(None, repr=False, description="sk_… or rk_…, of Stripe's dashboard")
    stripe_webhook_secret: str | None = Field(None, repr=False, description="whsec_…, of the webhook's endpoint there")
    provider_url: str | None = Field(None, description="the payment provider's gateway, of the full profile")
    provider_secret: Annotated[str | None, AfterValidator(_a_secret)] = Field(
        None, repr=False, description="shared with the payment provider: base64, as of `openssl rand -base64 32`"
    )
    provider_callbacks: str | None = Field(
        None, description="where `kontor gateway` sends callbacks: …/api/webhooks/payments/simulated of `serve write`"
    )
    smtp_url: Annotated[str | None, AfterValidator(_a_mail_server)] = Field(
        None, repr=False, description="sends notices to buyers: smtp://user:password@host:587 or smtps://…"
    )
    mail_from: str | None = Field(None, description="who they are from: Nordwald <orders@shop.example>")
    webhooks_private: bool = Field(False, description="webhooks may go to private addresses and http://, as for tests")
    feeds_private: bool = Field(False, description="feeds may come from private addresses and http://, as for tests")
    feeds_folder: Path | None = Field(
        None, description="feeds may be files here, of each shop in a folder called by its id; none without it"
    )
    objects_bucket: str | None = Field(
        None, description="pictures and rejected rows of feeds go there, not into the data folder"
    )
    objects_folder: Path | None = Field(
        None, description="without a bucket they go there: a folder that write, read and processes share"
    )
    objects_url: str | None = Field(None, description="where S3 is, if it is not Amazon's")
    objects_region: str | None = None
    objects_access_key: str | None = Field(None, repr=False, description="of the bucket; else what the machine has")
    objects_secret_key: str | None = Field(None, repr=False)
    uploads_max: int = Field(
        100, ge=1, le=500, description="pictures that a merchant may have uploaded, or may upload, and not taken up"
    )
    uploads_bytes_max: int = Field(256_000_000, ge=1, description="bytes of all of those together")
    reconcile_every: int = Field(
        24, ge=0, le=8760, description="hours between two reconciliations with the payment provider; 0 for none"
    )
    commission_ppm: int = Field(
        0, ge=0, le=1_000_000, description="millionths of sellers' goods, without tax, that the marketplace keeps"
    )
    provider_timeout: float = Field(0.3, gt=0, description="seconds the simulated provider lets a call hang")

    @model_validator(mode="after")
    def _mail_has_a_sender(self) -> Settings:
        if self.smtp_url is not None and "@" not in parseaddr(self.mail_from or "")[1]:
            raise ValueError("with smtp_url, mail_from names the sender: orders@shop.example")
        return self

    @model_validator(mode="after")
    def _reads_see_what_was_acknowledged(self) -> Settings:
        """A fold goes on from the row that it reads; one that is behind would be written back."""
        copies, near, consistency = (
            copies_of(self.cassandra_replicas),
            self.cassandra_datacenter,
            self.cassandra_consistency,
        )
        said = f"cassandra_replicas={self.cassandra_replicas}"
        if consistency in ("LOCAL_ONE", "ONE") and max(copies.values()) > 1:
            raise ValueError(
                f"with {said} a read must see what was acknowledged elsewhere, so cassandra_consistency is "
                f"LOCAL_QUORUM or QUORUM, not {consistency}"
            )
        if near is not None and ANYWHERE not in copies and near not in copies:
            raise ValueError(f"cassandra_datacenter={near} is none of those where {said} puts rows")
        if near is None and len(copies) > 1 and consistency.startswith("LOCAL_"):
            raise ValueError(
                f"{consistency} is of one data centre, and {said} names several: say which is near in "
                "cassandra_datacenter, or take QUORUM"
            )
        return self

    @model_validator(mode="after")
    def _provider_captures_so(self) -> Settings:
        if self.capture == "parcel" and self.provider == "stripe":
            raise ValueError(
                "capture=parcel takes several captures of one charge, which Stripe allows to some accounts and cards "
                "(multicapture); with provider=stripe choose shipment, see docs/payments.md"
            )
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


class BadSettings(Exception):
    """A setting is unknown or has an impossible value; the message names it."""


def load(**given: Any) -> Settings:
    """``given`` comes from the command line; options that were not named there are None. Raises BadSettings."""
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        raise BadSettings("; ".join(map(_reason, error.errors()))) from error
    except ValueError as error:  # a kontor.toml that is not TOML
        raise BadSettings(f"{TOML}: {error}") from error


def _reason(error: ErrorDetails) -> str:
    """What is wrong with several settings together has no place of its own, and names them."""
    message = error["msg"].removeprefix("Value error, ")
    if not error["loc"]:
        return message
    name = str(error["loc"][0])
    if error["type"] == "extra_forbidden":
        meant = get_close_matches(name, Settings.model_fields, 1)
        return f"{name}: there is no such setting{f'; is {meant[0]} meant?' if meant else ''}"
    where = ".".join(map(str, error["loc"]))
    return f"{where}: {message} (KONTOR_{name.upper()}, or {name} in {TOML})"


def log_urls(settings: Settings) -> tuple[str, ...]:
    """Of all event logs of the full profile, the first one's first. Raises UnusableLog if none is named."""
    return (*required(settings, "postgres_url"), *settings.postgres_more_urls)


def required(settings: Settings, *names: str) -> list[str]:
    """The settings of these names. Raises UnusableLog, which names those that are missing."""
    missing = [f"KONTOR_{name.upper()}" for name in names if getattr(settings, name) is None]
    if missing:
        raise UnusableLog(f"the full profile needs {', '.join(missing)}; docs/full-profile.md tells what to say")
    return [str(getattr(settings, name)) for name in names]
