"""Images in folders and archives."""

import io
import os
import shutil
import tarfile
import zipfile

import numpy as np
import pytest
from PIL import Image

from kerasgen.data.sources.images import ImageFolder, image_decoder
from kerasgen.runtime.images import MODES, decode_image


def _png(value, size=(4, 3), mode="RGB"):
    stream = io.BytesIO()
    color = (value,) * len(mode) if len(mode) > 1 else value
    Image.new(mode, size, color).save(stream, format="PNG")
    return stream.getvalue()


PARTED = {
    "train/dog/b.png": _png(2),
    "train/cat/a.png": _png(1),
    "test/cat/a.png": _png(3),
    "train/dog/.hidden": b"no image",
    "README.txt": b"no image",
}


def test_folders_of_classes_become_labels_in_sorted_order(folder, sink):
    path = folder({"dog/1.png": _png(9), "cat/2.png": _png(8), "cat/1.png": _png(7)})
    table = ImageFolder(path=path).read(None, sink)
    assert table.class_names["label"] == ("cat", "dog")
    assert table.columns["label"].tolist() == [0, 0, 1]
    assert table.columns["image"].shape == (3, 3, 4, 3)
    assert table.columns["image"][:, 0, 0, 0].tolist() == [7, 8, 9]
    assert table.given is None


def test_folders_of_parts_are_the_given_parts(folder, sink):
    table = ImageFolder(path=folder(PARTED)).read(None, sink)
    assert table.given.tolist() == [0, 0, 2]
    assert table.columns["image"][:, 0, 0, 0].tolist() == [1, 2, 3]


@pytest.mark.parametrize("ending", [".tar.gz", ".tgz", ".tar", ".zip"])
def test_an_archive_gives_what_its_folder_gives_and_extracts_nothing(
    ending, folder, sink, tmp_path
):
    path = folder(PARTED)
    kind = {".tar.gz": "gztar", ".tgz": "gztar", ".tar": "tar", ".zip": "zip"}[ending]
    made = shutil.make_archive(str(tmp_path / "archive"), kind, tmp_path, "files")
    archive = tmp_path / f"renamed{ending}"
    shutil.move(made, archive)
    before = sorted(tmp_path.rglob("*"))
    plain = ImageFolder(path=path).read(None, sink)
    packed = ImageFolder(path=str(archive)).read(None, sink)
    assert np.array_equal(plain.columns["image"], packed.columns["image"])
    assert np.array_equal(plain.columns["label"], packed.columns["label"])
    assert np.array_equal(plain.given, packed.given)
    assert sorted(tmp_path.rglob("*")) == before


def test_members_that_point_outside_an_archive_are_only_names(sink, tmp_path):
    archive = tmp_path / "evil.tar"
    with tarfile.open(archive, "w") as tar:
        for name in ("../../outside/a.png", "cat/a.png", "dog/b.png"):
            info = tarfile.TarInfo(name)
            content = _png(5)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
        link = tarfile.TarInfo("cat/link.png")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    table = ImageFolder(path=str(archive)).read(None, sink)
    assert len(table.columns["image"]) == 2
    assert list(tmp_path.iterdir()) == [archive]


def test_images_of_another_size_are_resized(folder, sink):
    path = folder({"a/1.png": _png(1, (10, 8)), "b/1.png": _png(2, (3, 5))})
    table = ImageFolder(path=path, size=(6, 7)).read(None, sink)
    assert table.columns["image"].shape == (2, 6, 7, 3)


def test_images_of_different_sizes_need_a_size(folder, refusals):
    path = folder({"a/1.png": _png(1, (10, 8)), "b/1.png": _png(2, (3, 5))})
    (found,) = refusals(ImageFolder(path=path))
    assert found.message == "`b/1.png` has the size [5, 3], and others have [8, 10]"
    assert found.help == "give all images one size: `'data.source.size=[64,64]'`"


@pytest.mark.parametrize(("mode", "channels"), [("grayscale", 1), ("rgb", 3), ("rgba", 4)])
def test_the_color_mode_decides_about_the_channels(mode, channels, folder, sink):
    path = folder({"a/1.png": _png(1, mode="L"), "b/1.png": _png(2, mode="RGBA")})
    table = ImageFolder(path=path, color_mode=mode).read(None, sink)
    assert table.columns["image"].shape == (2, 3, 4, channels)


def test_a_file_that_is_no_image_is_named(folder, refusals):
    path = folder({"a/1.png": _png(1), "a/2.png": b"not an image", "b/1.png": _png(1)})
    (found,) = refusals(ImageFolder(path=path))
    assert (found.code, found.message) == ("KG502", "`a/2.png` is not an image")
    assert found.location.key == "data.source.path"


def test_a_truncated_image_is_named(folder, refusals):
    rows = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype="uint8")
    stream = io.BytesIO()
    Image.fromarray(rows).save(stream, format="JPEG")
    path = folder({"a/1.jpg": stream.getvalue()[:2000], "b/1.jpg": stream.getvalue()})
    (found,) = refusals(ImageFolder(path=path))
    assert found.message.startswith("`a/1.jpg` cannot be decoded: image file is truncated")


def test_an_image_of_sixteen_bits_is_refused_rather_than_clipped(folder, refusals):
    stream = io.BytesIO()
    Image.fromarray(np.full((3, 4), 300, dtype="uint16")).save(stream, format="PNG")
    path = folder({"a/1.png": stream.getvalue(), "b/1.png": _png(1)})
    (found,) = refusals(ImageFolder(path=path))
    assert found.message == "`a/1.png` has values of the kind `I;16`, expected 8 bits"


def test_a_format_that_starts_outside_programs_is_not_tried(folder, refusals):
    path = folder({"a/1.eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 4 4\n"})
    (found,) = refusals(ImageFolder(path=path))
    assert found.message == "`a/1.eps` is not an image"


def test_a_folder_without_classes_is_refused(folder, refusals):
    (found,) = refusals(ImageFolder(path=folder({"1.png": _png(1)})))
    assert found.code == "KG503"
    assert found.help == "expected `CLASS/FILE`, or `train/CLASS/FILE` and `test/CLASS/FILE`"


def test_a_part_beside_a_class_is_refused(folder, refusals):
    path = folder({"train/a/1.png": _png(1), "dogs/b/1.png": _png(1)})
    (found,) = refusals(ImageFolder(path=path))
    assert found.message == f"`{path}` has the part `train` beside `dogs`, which is no part"


def test_a_class_may_be_called_like_a_part(folder, sink):
    path = folder({"test/1.png": _png(1), "other/1.png": _png(1)})
    assert ImageFolder(path=path).read(None, sink).class_names["label"] == ("other", "test")


def test_a_file_that_is_no_archive_is_refused(tmp_path, refusals):
    (tmp_path / "a.tar.gz").write_bytes(b"nothing of the kind")
    (found,) = refusals(ImageFolder(path=str(tmp_path / "a.tar.gz")))
    assert found.code == "KG502"
    assert found.message.endswith(
        "is no folder, and cannot be read as an archive: file could not be opened successfully"
    )


def test_a_cut_off_archive_is_refused(folder, tmp_path, refusals):
    rows = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype="uint8")
    stream = io.BytesIO()
    Image.fromarray(rows).save(stream, format="PNG")
    folder({"a/1.png": stream.getvalue(), "b/1.png": stream.getvalue()})
    made = shutil.make_archive(str(tmp_path / "archive"), "gztar", tmp_path, "files")
    content = (tmp_path / "archive.tar.gz").read_bytes()
    (tmp_path / "archive.tar.gz").write_bytes(content[: len(content) // 2])
    (found,) = refusals(ImageFolder(path=made))
    assert found.code == "KG502"


def test_a_zip_of_nothing_is_refused(tmp_path, refusals):
    with zipfile.ZipFile(tmp_path / "a.zip", "w"):
        pass
    (found,) = refusals(ImageFolder(path=str(tmp_path / "a.zip")))
    assert found.code == "KG503"


def test_a_size_is_height_and_width(folder, refusals):
    (found,) = refusals(ImageFolder(path=folder(PARTED), size=(32,)))
    assert (found.code, found.location.key) == ("KG204", "data.source.size")


CLASSES = {"cat/a.png": _png(1), "dog/a.png": _png(2)}


def test_links_that_go_round_in_circles_are_not_followed(folder, sink, tmp_path):
    path = folder(CLASSES)
    for name in ("x", "y", "z"):
        (tmp_path / "files" / name).symlink_to(".")
        (tmp_path / "files" / "cat" / name).symlink_to("..")
    table = ImageFolder(path=path).read(None, sink)
    assert table.class_names["label"] == ("cat", "dog")
    assert len(table.columns["image"]) == 2


def test_a_class_may_be_a_link_to_a_folder_elsewhere(folder, sink, tmp_path):
    path = folder({"cat/a.png": _png(1)})
    (tmp_path / "elsewhere" / "deep" / "deeper").mkdir(parents=True)
    for name in ("b.png", "deep/c.png", "deep/deeper/d.png"):
        (tmp_path / "elsewhere" / name).write_bytes(_png(2))
    (tmp_path / "files" / "dog").symlink_to("../elsewhere")
    table = ImageFolder(path=path).read(None, sink)
    assert table.columns["label"].tolist() == [0, 1, 1]


@pytest.mark.parametrize("name", ["cat/b.png", "b.png"])
def test_a_pipe_is_not_opened(name, folder, tmp_path, refusals):
    path = folder(CLASSES)
    os.mkfifo(tmp_path / "files" / name)
    if name == "b.png":
        path += f"/{name}"
    errors = refusals(ImageFolder(path=path))
    assert errors[0].code == ("KG612" if name == "b.png" else "KG502")


@pytest.mark.parametrize("size", [(9_000, 8_000), (5_000, 5_000)])
def test_an_image_that_unpacks_to_too_much_is_refused_undecoded(size, folder, refusals):
    path = folder({**CLASSES, "dog/b.png": _png(0, size=size, mode="1")})
    (error,) = refusals(ImageFolder(path=path, size=(4, 4)))
    assert "pixels" in error.message


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_an_archive_that_unpacks_to_too_much_is_refused(kind, tmp_path, refusals):
    archive, content = tmp_path / f"a.{kind}", bytes(90 * 2**20)
    if kind == "zip":
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as made:
            made.writestr("cat/a.png", content)
    else:
        with tarfile.open(archive, "w:gz") as tar:
            info = tarfile.TarInfo("cat/a.png")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    (error,) = refusals(ImageFolder(path=str(archive)))
    assert "unpacks from" in error.message


def test_a_name_longer_than_the_memory_is_refused(tmp_path, refusals):
    info = tarfile.TarInfo("././@LongLink")
    info.type, info.size = b"L", 2**56
    (tmp_path / "a.tar").write_bytes(info.tobuf(tarfile.GNU_FORMAT) + bytes(1024))
    (error,) = refusals(ImageFolder(path=str(tmp_path / "a.tar")))
    assert error.code == "KG502"


def _jpeg(pixels, **options):
    stream = io.BytesIO()
    Image.fromarray(pixels, options.pop("mode", None)).save(stream, format="JPEG", **options)
    return stream.getvalue()


def _noise(height=24, width=33, channels=3, seed=0):
    shape = (height, width, channels) if channels > 1 else (height, width)
    return np.random.default_rng(seed).integers(0, 255, shape, dtype="uint8")


@pytest.mark.parametrize("size", [None, (24, 33), (10, 12)])
@pytest.mark.parametrize("mode", ["rgb", "rgba", "grayscale"])
def test_the_fast_decoder_gives_the_pixels_that_pillow_gives(mode, size):
    pytest.importorskip("simplejpeg")
    decode = image_decoder(MODES[mode], size)
    for channels in (1, 3):
        for options in ({}, {"subsampling": 2}, {"progressive": True}, {"quality": 30}):
            content = _jpeg(_noise(channels=channels), **options)
            fast, problem = decode(content)
            plain, _ = decode_image(content, MODES[mode], size)
            assert problem == ""
            assert np.array_equal(fast, plain)


def test_a_damaged_jpeg_is_what_pillow_says_it_is():
    pytest.importorskip("simplejpeg")
    decode, random = image_decoder("RGB", None), np.random.default_rng(1)
    whole = _jpeg(_noise())
    for _ in range(150):
        content = bytearray(whole[: random.integers(20, len(whole) + 1)])
        for at in random.integers(2, len(content), random.integers(0, 4)):
            content[at] = random.integers(256)
        fast, problem = decode(bytes(content))
        plain, expected = decode_image(bytes(content), "RGB", None)
        assert problem == expected
        assert np.array_equal(fast, plain)


def test_a_picture_that_lies_on_its_side_is_turned(folder, sink):
    pixels = np.zeros((20, 30, 3), dtype="uint8")
    pixels[:, :10] = 250
    tags = Image.Exif()
    tags[0x0112] = 6  # the camera was turned: the first row is the right side
    turned = _jpeg(pixels, exif=tags, quality=95)
    path = folder({"a/1.jpg": turned, "b/1.jpg": turned})
    image = ImageFolder(path=path).read(None, sink).columns["image"][0]
    assert image.shape == (30, 20, 3)
    assert image[:8].min() > 200
    assert image[12:].max() < 50


def test_colours_of_other_kinds_become_the_ones_that_are_asked_for(folder, sink):
    stream, palette = io.BytesIO(), Image.new("P", (4, 3), 1)
    palette.putpalette([0, 0, 0, 250, 0, 10])
    palette.save(stream, format="PNG", transparency=b"\x00\x80")
    cmyk = io.BytesIO()
    Image.new("CMYK", (4, 3), (0, 255, 255, 0)).save(cmyk, format="JPEG", quality=95)
    path = folder({"a/1.png": stream.getvalue(), "a/2.jpg": cmyk.getvalue(), "b/1.png": _png(7)})
    images = ImageFolder(path=path).read(None, sink).columns["image"]
    assert images[0, 0, 0].tolist() == [250, 0, 10]
    assert np.abs(images[1, 0, 0].astype(int) - [255, 0, 0]).max() < 12  # JPEG is not exact
    assert images[2, 0, 0].tolist() == [7, 7, 7]


def _animated():
    stream = io.BytesIO()
    frames = [Image.new("L", (4, 3), value) for value in (1, 200)]
    frames[0].save(stream, format="GIF", save_all=True, append_images=frames[1:])
    return stream.getvalue()


def _of_16_bits():
    stream = io.BytesIO()
    Image.fromarray(np.full((3, 4), 300, dtype="uint16")).save(stream, format="PNG")
    return stream.getvalue()


BROKEN = {
    "is empty": b"",
    "is not an image": b"no image",
    "holds 2 pictures, expected one": _animated(),
    "has values of the kind `I;16`, expected 8 bits": _of_16_bits(),
}


@pytest.mark.parametrize("problem", BROKEN)
def test_an_image_that_cannot_be_used_is_named_or_left_out(problem, folder, sink, refusals):
    files = {"train/a/1.png": _png(1), "train/a/2.png": BROKEN[problem]}
    path = folder({**files, "train/b/1.png": _png(3), "test/a/1.png": _png(4)})
    (found,) = refusals(ImageFolder(path=path))
    assert (found.code, found.message) == ("KG502", f"`train/a/2.png` {problem}")
    assert "data.source.bad=skip" in found.help
    table = ImageFolder(path=path, bad="skip").read(frozenset({"label"}), sink)
    assert table.columns["image"][:, 0, 0, 0].tolist() == [1, 3, 4]
    assert table.columns["label"].tolist() == [0, 1, 0]
    assert table.given.tolist() == [0, 0, 2]
    assert table.notes == {"skipped": 1, "skipped_files": {"train/a/2.png": problem}}


def test_the_record_names_the_first_of_the_files_that_were_left_out(folder, sink):
    bad = {f"a/{number:03}.png": b"" for number in range(30)}
    path = folder({**bad, "a/x.png": _png(1), "b/1.png": _png(1)})
    notes = ImageFolder(path=path, bad="skip").read(None, sink).notes
    assert notes["skipped"] == 30
    assert list(notes["skipped_files"]) == [f"a/{number:03}.png" for number in range(20)]


def test_a_folder_of_nothing_but_bad_files_has_no_samples(folder, refusals):
    (found,) = refusals(ImageFolder(path=folder({"a/1.png": b"", "b/1.png": b""}), bad="skip"))
    assert found.code == "KG503"
