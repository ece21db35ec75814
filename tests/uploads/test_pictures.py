"""What a picture may be, and what is left of it: the same for a clinic's logo and for pictures of exercises."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from accounts import clinic_settings
from database import tenancy
from errors.exceptions import Invalid
from homecare.models import Picture
from homecare.programmes import templates
from uploads.pictures import MOST_BYTES, clean_picture


def picture(kind="JPEG", size=(2000, 1000), mode="RGB", **options):
    written = io.BytesIO()
    Image.new(mode, size, "teal").save(written, kind, **options)
    return written.getvalue()


def bomb(width, height):
    """A PNG that says it is so large and has no more than its head."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [
        struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
        for name, content in [(b"IHDR", head), (b"IDAT", zlib.compress(b""))]
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


@pytest.mark.parametrize("save_as", ["PNG", "WEBP"])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_is_written_again_without_what_was_hidden_in_it(kind, save_as):
    exif = Image.Exif()
    exif[0x010E] = "Ada Okafor, 1 Harbour Street"
    upload = picture(kind, exif=exif.tobytes()) + b"<script>trailing</script>"

    content, width_px, height_px = clean_picture(upload, pointer="/p", edge_px=640, save_as=save_as)

    assert (width_px, height_px) == (640, 320)
    assert b"Okafor" not in content
    assert b"script" not in content
    with Image.open(io.BytesIO(content)) as again:
        assert (again.format, again.size) == (save_as, (640, 320))
        assert not again.getexif()


def test_a_phones_picture_stands_upright_and_a_small_one_is_not_blown_up():
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    upload = picture(size=(200, 100), exif=exif.tobytes())
    assert clean_picture(upload, pointer="/p", edge_px=640)[1:] == (100, 200)


def test_what_shows_through_still_does():
    content = clean_picture(picture("PNG", mode="RGBA"), pointer="/p", edge_px=64, save_as="PNG").content
    assert Image.open(io.BytesIO(content)).mode == "RGBA"


WRONG = {
    "empty": (b"", "not_a_picture"),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not_a_picture"),
    "gif": (picture("GIF"), "not_a_picture"),
    "cut off": (picture()[:500], "not_a_picture"),
    "damaged": (b"\x89PNG\r\n\x1a\n damaged", "not_a_picture"),
    "too many bytes": (b"\0" * (MOST_BYTES + 1), "too_large.picture_bytes"),
    "too many pixels": (bomb(9000, 9000), "too_large.picture_pixels"),
    "a bomb": (bomb(60_000, 60_000), "too_large.picture_pixels"),
}


def upload_logo(cast, upload):
    clinic_settings.set_logo(upload=upload, by=cast.actor(cast.owner))


def upload_exercise(cast, upload):
    templates.add_picture(name="Towel", upload=upload, by=cast.actor())


@pytest.mark.parametrize(("upload", "reason"), WRONG.values(), ids=WRONG)
@pytest.mark.parametrize(("take", "pointer"), [(upload_logo, "/logo"), (upload_exercise, "/picture")])
def test_both_entry_points_refuse_the_same(cast, take, pointer, upload, reason):
    with tenancy.scope(cast.clinic.pk), pytest.raises(Invalid) as refusal:
        take(cast, upload)
    assert [(error.pointer, error.reason) for error in refusal.value.errors] == [(pointer, reason)]


@pytest.mark.parametrize("name", ["cut off", "too many pixels"])
def test_the_pages_say_why(cast, name):
    client, upload = Client(), WRONG[name][0]
    for user, path, field in [
        (cast.owner, "/settings/clinic/logo/", "logo"),
        (cast.therapist, "/programmes/pictures/", "picture"),
    ]:
        client.force_login(user)
        answer = client.post(path, {field: SimpleUploadedFile("x.png", upload, "image/png"), "name": "Towel"})
        assert answer.status_code == 400, path
        text = answer.content.decode()
        assert ("damaged" if name == "cut off" else "40 million pixels") in text, path
    with tenancy.scope(cast.clinic.pk):
        assert not Picture.objects.exists()
        assert clinic_settings.logo_of(cast.clinic.pk) is None
