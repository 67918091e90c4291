package org.zeroseg.core.image;

import java.awt.image.Raster;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Set;

/**
 * JPEG files (ITU-T T.81). The platform's decoder gets tables, frame and scans, and of everything
 * else only how the components code colour: it refuses pictures for an odd colour profile, and
 * takes what lacks scans.
 */
final class Jpeg {

  private static final byte[] JFIF = "JFIF\0".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] ADOBE = "Adobe".getBytes(StandardCharsets.US_ASCII);

  private static final int SOI = 0xd8;
  private static final int EOI = 0xd9;
  private static final int SOS = 0xda;
  private static final int APP0 = 0xe0;
  private static final int APP14 = 0xee;
  private static final int PROGRESSIVE = 0xc2;

  /** Of quantisation, of Huffman codes, the restart interval. */
  private static final Set<Integer> TABLES = Set.of(0xdb, 0xc4, 0xdd);

  /**
   * How often blocks may be visited: always so often, and for every byte of the scans. A block
   * takes a bit at least when it is first visited, so that ten scans of an empty picture stay
   * below.
   */
  private static final long FREE_VISITS = 4_000_000;

  private static final int VISITS_PER_BYTE = 100;

  /** Blocks without a coefficient that one code can stand for, and its bits. */
  private static final int EMPTY_BLOCKS = 32_767;

  private static final int EMPTY_BITS = 15;

  /**
   * A component of the frame.
   *
   * @param id what scans call it
   * @param across horizontal sampling factor
   * @param down vertical sampling factor
   * @param accuracy for each coefficient the bits that scans still owe, -1 before the first
   */
  @SuppressWarnings("ArrayRecordComponent")
  private record Component(int id, int across, int down, int[] accuracy) {}

  private final byte[] bytes;
  private final int end;
  private final ByteArrayOutputStream needed;
  private int position;
  private boolean jfif;
  private int adobeTransform = -1;
  private int frame; // the marker, 0 before it
  private int width;
  private int height;
  private Component[] components = {};
  private int scans;
  private long scanned; // bytes
  private long visits; // of blocks

  private Jpeg(byte[] bytes, int from, int end) {
    this.bytes = bytes;
    this.end = end;
    position = from + 2;
    needed = new ByteArrayOutputStream(Math.min(end - from, 1 << 20));
    needed.write(0xff);
    needed.write(SOI);
  }

  static boolean matches(byte[] bytes) {
    return bytes.length >= 3
        && (bytes[0] & 0xff) == 0xff
        && (bytes[1] & 0xff) == SOI
        && (bytes[2] & 0xff) == 0xff;
  }

  static Picture decode(byte[] bytes, PictureReader limits) throws IOException {
    Jpeg jpeg = new Jpeg(bytes, 0, bytes.length);
    jpeg.walk(limits);
    return jpeg.picture(PlatformDecoder.raster("jpeg", jpeg.needed.toByteArray()));
  }

  /**
   * Checks one of the streams within another file.
   *
   * @param most the number of pixels there is room for
   */
  static void check(byte[] bytes, int from, int end, long most, PictureReader limits)
      throws IOException {
    Jpeg jpeg = new Jpeg(bytes, from, end);
    jpeg.walk(limits);
    if ((long) jpeg.width * jpeg.height > most) {
      throw new IOException("a part of it has " + jpeg.width + " x " + jpeg.height + " pixels");
    }
  }

  /** From marker to marker, up to the picture's end. */
  private void walk(PictureReader limits) throws IOException {
    int marker = marker();
    while (marker != EOI && marker >= 0) {
      boolean alone = marker == 0x01 || (marker >= 0xd0 && marker <= SOI);
      if (!alone) {
        int start = position;
        int length = position + 2 <= end ? unsignedShort(position) : 0;
        if (length < 2 || length > end - position) {
          throw new IOException("the segment at byte " + (position - 2) + " ends too early");
        }
        position += length;
        segment(marker, start + 2, position, limits);
      }
      marker = marker();
    }
    finish(marker == EOI);
  }

  /** The next marker, the position then being after it; -1 at the file's end. */
  private int marker() {
    while (position + 1 < end) {
      int marker = bytes[position + 1] & 0xff;
      if ((bytes[position++] & 0xff) == 0xff && marker != 0 && marker != 0xff) {
        position++;
        return marker;
      }
    }
    return -1;
  }

  private int unsignedShort(int at) {
    return (bytes[at] & 0xff) << 8 | (bytes[at + 1] & 0xff);
  }

  private void segment(int marker, int from, int to, PictureReader limits) throws IOException {
    if (TABLES.contains(marker)) {
      keep(marker, from, to);
    } else if (marker == APP0 && startsWith(from, to, JFIF) && !jfif) {
      jfif = true;
      // Without the thumbnail.
      byte[] plain = {1, 1, 0, 0, 1, 0, 1, 0, 0};
      ByteBuffer body = ByteBuffer.allocate(JFIF.length + plain.length).put(JFIF).put(plain);
      write(marker, body.array(), 0, body.capacity());
    } else if (marker == APP14 && startsWith(from, to, ADOBE) && to - from >= 12) {
      adobeTransform = bytes[from + 11] & 0xff;
      keep(marker, from, from + 12);
    } else if (marker == SOS) {
      scan(from, to);
    } else if (marker >= 0xc0 && marker <= 0xcf) {
      frame(marker, from, to, limits);
    }
  }

  private void keep(int marker, int from, int to) {
    write(marker, bytes, from, to);
  }

  private void write(int marker, byte[] source, int from, int to) {
    int length = to - from + 2;
    needed.writeBytes(new byte[] {-1, (byte) marker, (byte) (length >> 8), (byte) length});
    needed.write(source, from, to - from);
  }

  private boolean startsWith(int from, int to, byte[] prefix) {
    return to - from >= prefix.length
        && Arrays.equals(bytes, from, from + prefix.length, prefix, 0, prefix.length);
  }

  private void frame(int marker, int from, int to, PictureReader limits) throws IOException {
    if (marker > PROGRESSIVE) {
      throw new RefusedException(
          " is a JPEG of a kind that is not read here (lossless, hierarchical or arithmetic coding,"
              + " frame marker "
              + Integer.toHexString(marker)
              + "): save it as a usual JPEG or as PNG");
    }
    int count = to - from < 6 ? 0 : bytes[from + 5] & 0xff;
    if (frame != 0 || count == 0 || to - from < 6 + 3 * count) {
      throw new IOException("its frame is not as a JPEG's should be");
    }
    if (bytes[from] != 8) {
      throw new RefusedException(
          " is a JPEG of "
              + bytes[from]
              + " bits a sample, which is not read here: save it as PNG");
    }
    frame = marker;
    height = unsignedShort(from + 1);
    width = unsignedShort(from + 3);
    limits.requireSize(width, height);
    if (count == 2 || count > 4) {
      throw new IOException("it has " + count + " components");
    }
    components = new Component[count];
    for (int c = 0; c < count; c++) {
      int at = from + 6 + 3 * c;
      int across = bytes[at + 1] >> 4 & 0xf;
      int down = bytes[at + 1] & 0xf;
      if (across < 1 || across > 4 || down < 1 || down > 4) {
        throw new IOException("a component is sampled " + across + " x " + down);
      }
      int[] accuracy = new int[64];
      Arrays.fill(accuracy, -1);
      components[c] = new Component(bytes[at] & 0xff, across, down, accuracy);
    }
    keep(marker, from, to);
  }

  private void scan(int from, int to) throws IOException {
    int count = to > from ? bytes[from] & 0xff : 0;
    if (frame == 0 || count < 1 || count > components.length || to - from < 4 + 2 * count) {
      throw new IOException("a scan is not as a JPEG's should be");
    }
    scans++;
    int tail = from + 1 + 2 * count;
    boolean progressive = frame == PROGRESSIVE;
    int first = progressive ? bytes[tail] : 0;
    int last = progressive ? bytes[tail + 1] : 63;
    int before = progressive ? bytes[tail + 2] >> 4 & 0xf : 0;
    int owed = progressive ? bytes[tail + 2] & 0xf : 0;
    if (first < 0 || last > 63 || first > last) {
      throw new IOException("a scan brings the coefficients " + first + " to " + last);
    }
    long blocks = 0;
    for (int c = 0; c < count; c++) {
      Component component = component(bytes[from + 1 + 2 * c] & 0xff);
      blocks += blocks(component, count > 1);
      for (int k = first; k <= last; k++) {
        int[] accuracy = component.accuracy();
        if (before == 0 ? accuracy[k] != -1 : accuracy[k] != before || owed != before - 1) {
          throw new IOException("its scan " + scans + " does not follow from those before it");
        }
        accuracy[k] = owed;
      }
    }
    keep(SOS, from, to);
    int dataEnd = dataEnd(to);
    long bits = first > 0 ? blocks / EMPTY_BLOCKS * EMPTY_BITS : progressive ? blocks : 2 * blocks;
    PictureReader.requireHeld(width, height, bits, 8L * (dataEnd - to));
    visits += blocks;
    scanned += dataEnd - to;
    needed.write(bytes, to, dataEnd - to);
    position = dataEnd;
  }

  private Component component(int id) throws IOException {
    for (Component component : components) {
      if (component.id() == id) {
        return component;
      }
    }
    throw new IOException("a scan has a component " + id + " that the frame has not");
  }

  /** The number of 8 x 8 blocks of a component, padded to whole units where it is interleaved. */
  private long blocks(Component component, boolean interleaved) {
    int mostAcross = 1;
    int mostDown = 1;
    for (Component other : components) {
      mostAcross = Math.max(mostAcross, other.across());
      mostDown = Math.max(mostDown, other.down());
    }
    if (interleaved) {
      return (long) ceil(width, 8 * mostAcross)
          * ceil(height, 8 * mostDown)
          * component.across()
          * component.down();
    }
    return (long) ceil(ceil(width * component.across(), mostAcross), 8)
        * ceil(ceil(height * component.down(), mostDown), 8);
  }

  private static int ceil(int a, int b) {
    return (a + b - 1) / b;
  }

  /** Where the coded data end: at a marker that is neither a stuffed byte nor a restart. */
  private int dataEnd(int from) {
    for (int i = from; i + 1 < end; i++) {
      if (bytes[i] == -1) {
        int next = bytes[i + 1] & 0xff;
        if (next != 0 && next != 0xff && (next < 0xd0 || next > 0xd7)) {
          return i;
        }
      }
    }
    return end;
  }

  private void finish(boolean ended) throws IOException {
    if (frame == 0) {
      throw new IOException("it has no frame");
    }
    if (frame == PROGRESSIVE && !ended) {
      throw new IOException("it ends after " + scans + " scans, without its end marker");
    }
    if (visits > FREE_VISITS + VISITS_PER_BYTE * scanned) {
      throw new IOException("it has %d scans of next to nothing".formatted(scans));
    }
    for (Component component : components) {
      if (component.accuracy()[0] < 0) {
        throw new IOException("a component has no scan");
      }
      for (int owed : component.accuracy()) {
        if (owed > 0) {
          throw new IOException("it lacks scans: " + owed + " bits of a coefficient are missing");
        }
      }
    }
    needed.write(0xff);
    needed.write(EOI);
  }

  private Picture picture(Raster raster) throws IOException {
    int bands = raster.getNumBands();
    PixelFormat mode =
        switch (bands) {
          case 1 -> PixelFormat.GREY;
          case 3 -> PixelFormat.RGB;
          case 4 -> PixelFormat.CMYK;
          default -> throw new IOException("a JPEG of " + bands + " components");
        };
    byte[] samples = Rasters.bytes(raster, raster.getSampleModel().getSampleSize());
    boolean ycc = isYcc();
    if (ycc) {
      Colours.yccToRgb(samples, bands);
    }
    // Of four components, YCC stands for inverted ink; Pillow takes plain CMYK as Adobe's, inverted
    // in the file.
    if (mode == PixelFormat.CMYK) {
      for (int i = 0; i < samples.length; i++) {
        if (!ycc || i % 4 == 3) {
          samples[i] = (byte) ~samples[i];
        }
      }
    }
    return Picture.wrap(mode, raster.getWidth(), raster.getHeight(), samples);
  }

  /** libjpeg's guess at the colour code ({@code default_decompress_parms}). */
  private boolean isYcc() {
    if (components.length == 3) {
      if (jfif || adobeTransform >= 0) {
        return jfif || adobeTransform != 0;
      }
      return components[0].id() != 'R' || components[1].id() != 'G' || components[2].id() != 'B';
    }
    return components.length == 4 && adobeTransform > 0;
  }
}
