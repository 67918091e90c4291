package org.zeroseg.eval.data;

import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.InflaterInputStream;
import java.util.zip.ZipException;
import org.zeroseg.core.supervision.InvalidDataException;
import org.zeroseg.core.supervision.LabelMap;

/**
 * Reads one numeric matrix of a MATLAB level 5 file ("MAT-File Format", The MathWorks): a 128-byte
 * header, then tagged elements, some of them deflated.
 */
final class MatFile {

  private static final int HEADER = 128;
  private static final int MATRIX = 14; // miMATRIX
  private static final int COMPRESSED = 15; // miCOMPRESSED
  private static final int HEAD = 1 << 12; // bytes of a matrix before its values
  private static final int MOST_PIXELS = 1 << 24;

  private final Path file;
  private final String variable;

  private MatFile(Path file, String variable) {
    this.file = file;
    this.variable = variable;
  }

  /** A two-dimensional matrix of whole numbers. */
  static LabelMap read(Path file, String variable) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    return new MatFile(file, variable).read(bytes);
  }

  private LabelMap read(byte[] bytes) throws IOException {
    if (bytes.length < HEADER) {
      throw wrong("expected a header of 128 bytes, found " + bytes.length + " bytes");
    }
    // The header ends with the letters MI as a 16-bit number in the writer's byte order.
    ByteOrder order =
        switch ("" + (char) bytes[126] + (char) bytes[127]) {
          case "IM" -> ByteOrder.LITTLE_ENDIAN;
          case "MI" -> ByteOrder.BIG_ENDIAN;
          default -> throw wrong("it has no endian mark: not a MATLAB level 5 file");
        };
    ByteBuffer elements =
        ByteBuffer.wrap(bytes, HEADER, bytes.length - HEADER).slice().order(order);
    while (elements.remaining() >= 8) {
      Element element = next(elements);
      // What is deflated may claim anything: only its head is looked at, until it is the one.
      boolean packed = element.type == COMPRESSED;
      Element head = packed ? start(inflate(element.data, HEAD)) : element;
      if (head.type == MATRIX && isNamed(head.data)) {
        return matrix(
            packed ? next(inflate(element.data, HEAD + 8 * MOST_PIXELS)).data : head.data);
      }
    }
    throw wrong("there is no variable " + variable);
  }

  private record Element(int type, ByteBuffer data) {}

  /** The next tagged element; short ones keep their data in the tag. */
  private Element next(ByteBuffer from) {
    if (from.remaining() < 8) {
      throw wrong("it ends within an element");
    }
    ByteOrder order = from.order();
    int word = from.getInt();
    boolean small = word >>> 16 != 0;
    int type = small ? word & 0xffff : word;
    long size = small ? word >>> 16 : from.getInt() & 0xffffffffL;
    if (size > from.remaining() || (small && size > 4)) {
      throw wrong("an element claims " + size + " bytes of " + from.remaining());
    }
    ByteBuffer data = from.slice(from.position(), (int) size).order(order);
    int whole = small ? 4 : type == COMPRESSED ? (int) size : (int) ((size + 7) / 8 * 8);
    from.position(from.position() + Math.min(whole, from.remaining()));
    return new Element(type, data);
  }

  /** An element of which there may be more. */
  private Element start(ByteBuffer from) {
    if (from.remaining() < 8) {
      throw wrong("it ends within an element");
    }
    int type = from.getInt(0);
    return new Element(type, from.slice(8, from.remaining() - 8).order(from.order()));
  }

  private ByteBuffer inflate(ByteBuffer data, int most) throws IOException {
    byte[] bytes = new byte[data.remaining()];
    data.get(data.position(), bytes);
    try (InflaterInputStream stream = new InflaterInputStream(new ByteArrayInputStream(bytes))) {
      byte[] inflated = stream.readNBytes(most);
      return ByteBuffer.wrap(inflated).order(data.order());
    } catch (ZipException | EOFException e) {
      throw wrong("a compressed element is damaged: " + e.getMessage());
    }
  }

  private boolean isNamed(ByteBuffer matrix) {
    ByteBuffer data = matrix.duplicate().order(matrix.order());
    next(data);
    next(data);
    Element name = next(data);
    byte[] letters = new byte[name.data.remaining()];
    name.data.get(letters);
    return new String(letters, StandardCharsets.ISO_8859_1).equals(variable);
  }

  private LabelMap matrix(ByteBuffer data) {
    Element flags = next(data);
    Element dimensions = next(data);
    next(data); // its name
    int kind = flags.data.remaining() < 4 ? 0 : flags.data.getInt(0) & 0xff;
    if (kind < 6 || kind > 15) { // mxDOUBLE_CLASS to mxUINT64_CLASS
      throw wrong(variable + " is no numeric matrix but of class " + kind);
    }
    if (dimensions.data.remaining() != 8) {
      throw wrong(variable + " has not two dimensions");
    }
    int height = dimensions.data.getInt(0);
    int width = dimensions.data.getInt(4);
    if ((long) height * width > MOST_PIXELS) {
      throw wrong("%s claims %d x %d pixels".formatted(variable, height, width));
    }
    Element values = next(data);
    int bytes = bytes(values.type);
    if (height < 1 || width < 1 || (long) height * width * bytes != values.data.remaining()) {
      throw wrong(
          "%s of %d x %d has %d bytes of values"
              .formatted(variable, height, width, values.data.remaining()));
    }
    int[] labels = new int[height * width];
    for (int x = 0; x < width; x++) { // stored column by column
      for (int y = 0; y < height; y++) {
        double value = value(values, (x * height + y) * bytes);
        labels[y * width + x] = (int) value;
        if (labels[y * width + x] != value) {
          throw wrong(variable + " holds " + value + ", which is no label");
        }
      }
    }
    return LabelMap.of(width, height, labels);
  }

  /** The stored type may be narrower than the matrix's class. */
  private int bytes(int type) {
    return switch (type) {
      case 1, 2 -> 1;
      case 3, 4 -> 2;
      case 5, 6, 7 -> 4;
      case 9, 12, 13 -> 8;
      default -> throw wrong(variable + " has values of unknown type " + type);
    };
  }

  private static double value(Element element, int at) {
    ByteBuffer data = element.data;
    return switch (element.type) {
      case 1 -> data.get(at);
      case 2 -> data.get(at) & 0xff;
      case 3 -> data.getShort(at);
      case 4 -> data.getShort(at) & 0xffff;
      case 5 -> data.getInt(at);
      case 6 -> data.getInt(at) & 0xffffffffL;
      case 7 -> data.getFloat(at);
      case 9 -> data.getDouble(at);
      default -> (double) data.getLong(at);
    };
  }

  private InvalidDataException wrong(String problem) {
    return new InvalidDataException(file, problem);
  }
}
