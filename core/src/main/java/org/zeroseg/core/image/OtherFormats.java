package org.zeroseg.core.image;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;

/** Names what a file that is not read seems to be, and what to do about it. */
final class OtherFormats {

  private static final String EXPORT = "save it as PNG or JPEG";

  /**
   * A kind of file.
   *
   * @param at where its mark lies
   * @param mark in ISO 8859-1
   * @param name what it is called
   * @param advice what to do
   */
  private record Kind(int at, String mark, String name, String advice) {}

  private static final List<Kind> KINDS =
      List.of(
          new Kind(
              8,
              "WEBP",
              "a WebP picture",
              "add com.twelvemonkeys.imageio:imageio-webp to the class path, or " + EXPORT),
          new Kind(4, "ftypavif", "an AVIF picture", EXPORT),
          new Kind(4, "ftypavis", "an AVIF picture", EXPORT),
          new Kind(
              4,
              "ftypmif1",
              "a HEIF picture",
              EXPORT + " (phones: choose the most compatible format in the camera's settings)"),
          new Kind(
              4,
              "ftyphe",
              "a HEIC picture",
              EXPORT + " (phones: choose the most compatible format in the camera's settings)"),
          new Kind(4, "ftyp", "a video", "take single pictures out of it and save them as PNG"),
          new Kind(0, "\u00ff\n", "a JPEG XL picture", EXPORT),
          new Kind(4, "JXL \r\n", "a JPEG XL picture", EXPORT),
          new Kind(4, "jP  \r\n", "a JPEG 2000 picture", EXPORT),
          new Kind(0, "\u00ffO\u00ffQ", "a JPEG 2000 picture", EXPORT),
          new Kind(0, "II+\0", "a BigTIFF picture", "save it as a usual TIFF or as PNG"),
          new Kind(0, "MM\0+", "a BigTIFF picture", "save it as a usual TIFF or as PNG"),
          new Kind(0, "8BPS", "a Photoshop document", EXPORT),
          new Kind(0, "gimp xcf", "a GIMP document", EXPORT),
          new Kind(0, "%PDF", "a PDF document", "export its pages as PNG"),
          new Kind(0, "%!PS", "a PostScript document", "export its pages as PNG"),
          new Kind(0, "\0\0\1\0", "an icon", EXPORT),
          new Kind(0, "v/1\1", "an OpenEXR picture", EXPORT),
          new Kind(0, "#?RADIANCE", "a Radiance picture", EXPORT),
          new Kind(0, "SIMPLE  =", "a FITS picture", EXPORT),
          new Kind(128, "DICM", "a DICOM picture", EXPORT),
          new Kind(0, "\u0093NUMPY", "a NumPy array", "save it as PNG"),
          new Kind(0, "P4", "a portable bitmap", EXPORT),
          new Kind(0, "P5", "a portable grey map", EXPORT),
          new Kind(0, "P6", "a portable pixel map", EXPORT),
          new Kind(0, "\u001f\u008b", "a gzip archive", "unpack it"),
          new Kind(0, "PK\3\4", "a ZIP archive", "unpack it"),
          new Kind(
              0,
              "version https://git-lfs",
              "a pointer of Git LFS",
              "fetch the file itself with git lfs pull"));

  private OtherFormats() {}

  /** How a message about a file in no known format goes on after the file's name. */
  static String describe(byte[] bytes) {
    String beginning =
        new String(bytes, 0, Math.min(1024, bytes.length), StandardCharsets.ISO_8859_1);
    if (bytes.length == 0) {
      return " is empty: no picture";
    }
    for (Kind kind : KINDS) {
      if (beginning.startsWith(kind.mark(), kind.at())) {
        return " is " + kind.name() + ", which is not read here: " + kind.advice();
      }
    }
    String text = beginning.toLowerCase(Locale.ROOT).stripLeading();
    if (text.contains("<svg")) {
      return " is an SVG drawing, which is not read here: export it as PNG";
    }
    if (text.startsWith("<!doctype html") || text.startsWith("<html")) {
      return " is a web page, no picture: perhaps a download went wrong";
    }
    StringBuilder hex = new StringBuilder();
    for (int i = 0; i < Math.min(8, bytes.length); i++) {
      hex.append(String.format(Locale.ROOT, "%02x", bytes[i]));
    }
    return " is not a picture in a known format (PNG, JPEG, GIF, BMP, TIFF); its "
        + (bytes.length + " bytes begin with " + hex);
  }
}
