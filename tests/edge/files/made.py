"""Files of every kind that is opened, made of pictures here: nothing of anybody's stands in the repository."""

import io

import numpy as np
from PIL import Image

from ..pictures import encoded

SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
ENCAPSULATED_PDF = "1.2.840.10008.5.1.4.1.1.104.1"
WAVEFORM = "1.2.840.10008.5.1.4.1.1.9.1.1"


def pdf(*images, **options):
    """A PDF with a page for each image, one of whose pixels is a point."""
    first, *others = [image.copy() for image in images]
    return encoded(first, "PDF", save_all=True, append_images=others, **options)


def tiff(*images, **options):
    """A TIFF with a page for each image."""
    first, *others = [image.copy() for image in images]
    return encoded(first, "TIFF", save_all=True, append_images=others, **options)


def heic(*images, primary=0, quality=95, **options):
    """A HEIC with a picture for each image."""
    import pillow_heif

    file = pillow_heif.HeifFile()
    for image in images:
        file.add_from_pillow(image)
    buffer = io.BytesIO()
    file.save(buffer, quality=quality, primary_index=primary, **options)
    return buffer.getvalue()


def dicom(uid, **elements):
    """A DICOM file of a class of objects, with these elements."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, generate_uid

    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.MediaStorageSOPClassUID = uid
    dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID, dataset.SOPInstanceUID = uid, dataset.file_meta.MediaStorageSOPInstanceUID
    for name, value in elements.items():
        setattr(dataset, name, value)
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def dicom_picture(*images, photometric="RGB", **more):
    """A secondary capture with a frame for each image, all of one size and mode; of (H, W) uint16 arrays one of 16 bits."""
    frames = np.stack([np.asarray(image) for image in images])
    bits = 8 * frames.itemsize
    colours = {"SamplesPerPixel": 3, "PlanarConfiguration": 0} if frames.ndim == 4 else {"SamplesPerPixel": 1}
    known = {"Rows": frames.shape[1], "Columns": frames.shape[2], "PhotometricInterpretation": photometric, "BitsAllocated": bits,
             "BitsStored": bits, "HighBit": bits - 1, "PixelRepresentation": 0, "PixelData": frames.tobytes() + bytes(frames.nbytes % 2)}  # fmt: skip
    if len(images) > 1:
        known["NumberOfFrames"] = len(images)
    return dicom(SECONDARY_CAPTURE, **known | colours | more)


def dicom_document(data):
    """A PDF within a DICOM file."""
    return dicom(
        ENCAPSULATED_PDF,
        EncapsulatedDocument=data + bytes(len(data) % 2),
        MIMETypeOfEncapsulatedDocument="application/pdf",
    )


def flat(colour, size=(60, 40)):
    """An image of one colour."""
    return Image.new("RGB", size, colour)


def colour_of(image):
    """The nearest plain colour of an image's middle."""
    red, green, blue = image.getpixel((image.width // 2, image.height // 2))
    names = {
        (True, False, False): "red",
        (False, True, False): "lime",
        (False, False, True): "blue",
        (True, True, True): "white",
    }
    return names.get((red > 128, green > 128, blue > 128))
