"""The store's own certificate: one authority per lake, one server certificate for loopback.

Knows nothing of the server. The authority's key is forgotten as soon as it has signed;
a new certificate means a new authority, so nothing old can be passed off for it.
"""

from __future__ import annotations

import ipaddress
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.hazmat.primitives.serialization.pkcs12 import (
    PKCS12Certificate,
    serialize_java_truststore,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from lake_config.settings import write_private

AUTHORITY, CERTIFICATE, KEY = "authority.pem", "public.crt", "private.key"
VALID = timedelta(days=397)
RENEW = timedelta(days=30)


def ensure_certificates(folder: Path) -> Path:
    """The authority's certificate; all files are made anew when the time runs out."""
    if not _holds_for(folder / CERTIFICATE, RENEW):
        _make(folder)
    return folder / AUTHORITY


def _holds_for(path: Path, rest: timedelta) -> bool:
    if not path.exists():
        return False
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    return certificate.not_valid_after_utc - datetime.now(UTC) > rest


def _make(folder: Path) -> None:
    signer, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "lake store authority")])
    authority = _authority(name, signer)
    server = _server(name, signer, key)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_private(folder / AUTHORITY, authority.public_bytes(Encoding.PEM))
    write_private(folder / KEY, private)
    # Last: while it is missing, the next start makes everything again.
    write_private(folder / CERTIFICATE, server.public_bytes(Encoding.PEM))


def ensure_truststore(authority: Path) -> Path:
    """The same certificates as the JVM wants them, with a password file, beside them."""
    made = authority.with_suffix(".p12")
    if not made.exists() or made.stat().st_mtime < authority.stat().st_mtime:
        password = secrets.token_urlsafe(24)
        found = x509.load_pem_x509_certificates(authority.read_bytes())
        entries = [
            PKCS12Certificate(item, f"lake-store-{number}".encode())
            for number, item in enumerate(found)
        ]
        sealed = BestAvailableEncryption(password.encode())
        write_private(authority.with_suffix(".password"), password)
        write_private(made, serialize_java_truststore(entries, sealed))
    return made


def _begun(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + VALID)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), False)
    )


def _authority(name: x509.Name, signer: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    usage = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        _begun(name, name, signer.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        .add_extension(usage, True)
        .sign(signer, hashes.SHA256())
    )


def _server(
    issuer: x509.Name,
    signer: ec.EllipticCurvePrivateKey,
    key: ec.EllipticCurvePrivateKey,
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "lake store")])
    loopback = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), loopback])
    serving = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    by = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    return (
        _begun(subject, issuer, key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
        .add_extension(names, False)
        .add_extension(serving, False)
        .add_extension(by, False)
        .sign(signer, hashes.SHA256())
    )
