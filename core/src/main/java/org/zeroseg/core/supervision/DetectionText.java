package org.zeroseg.core.supervision;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.zeroseg.core.mask.Box;
import org.zeroseg.core.mask.Rle;
import org.zeroseg.core.supervision.CocoGroundTruth.Image;

/**
 * Reads a list of detections straight from its bytes where it is as most are: numbers, boxes and
 * masks as compressed text. Nearly all of a large file is such text, which passes a JSON parser
 * character by character several times.
 */
final class DetectionText {

  /** Something that is wrong, or right in a rarer way: {@link DetectionFile} knows. */
  private static final class Unusual extends Exception {}

  private final byte[] text;
  private final int end;
  private int at;
  private final CocoGroundTruth truth;
  private final List<Instance> instances = new ArrayList<>();
  private final List<DetectionFile.LeftOut> leftOut = new ArrayList<>();
  private long position;
  private boolean fromBoxes;

  private DetectionText(ByteBuffer list, CocoGroundTruth truth) {
    text = list.array();
    at = list.arrayOffset() + list.position();
    end = list.arrayOffset() + list.limit();
    this.truth = truth;
  }

  /**
   * What the detections are.
   *
   * @param list with an array under it
   * @return the same as {@link DetectionFile} makes of it, or nothing if it has to be asked
   */
  static Optional<DetectionFile.Part> read(ByteBuffer list, CocoGroundTruth truth) {
    try {
      return Optional.of(new DetectionText(list, truth).list());
    } catch (Unusual | IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private DetectionFile.Part list() throws Unusual {
    take('[');
    do {
      detection();
      position++;
    } while (another(']'));
    if (next() != 0) {
      throw new Unusual();
    }
    return new DetectionFile.Part(position, true, fromBoxes, instances, leftOut);
  }

  private void detection() throws Unusual {
    OptionalLong imageId = OptionalLong.empty();
    OptionalLong categoryId = OptionalLong.empty();
    OptionalDouble score = OptionalDouble.empty();
    Optional<Box> box = Optional.empty();
    Outline outline = new Outline.Missing("is missing");
    take('{');
    do {
      String field = name();
      switch (field) {
        case "bbox" -> box = Optional.of(box());
        case "segmentation" -> outline = new Outline.Runs(runs());
        default -> {
          String value = number();
          switch (field) {
            case "image_id" -> imageId = OptionalLong.of(Long.parseLong(value));
            case "category_id" -> categoryId = OptionalLong.of(Long.parseLong(value));
            case "score" -> score = OptionalDouble.of(Double.parseDouble(value));
            case "id", "area" -> {}
            default -> throw new Unusual();
          }
        }
      }
    } while (another('}'));
    fromBoxes = position == 0 ? box.isPresent() : fromBoxes;
    if (fromBoxes ? box.isEmpty() : outline instanceof Outline.Missing) {
      throw new Unusual();
    }
    int index = truth.imageRegistry().find(imageId.orElseThrow(Unusual::new)).orElse(-1);
    if (index < 0) {
      throw new Unusual();
    }
    Image image = truth.images().get(index);
    if (outline instanceof Outline.Runs runs && image.height() > 0) {
      OutlineReader.checkSize(runs.rle(), image);
    }
    double sure = score.orElseThrow(Unusual::new);
    if (!Double.isFinite(sure)) {
      throw new Unusual();
    }
    long wanted = categoryId.orElseThrow(Unusual::new);
    OptionalInt category = truth.categoryRegistry().find(wanted);
    if (category.isEmpty()) {
      leftOut.add(new DetectionFile.LeftOut(position, wanted));
      return;
    }
    instances.add(
        CocoDetections.detection(
            position + 1,
            index,
            category.getAsInt(),
            sure,
            fromBoxes ? box : Optional.empty(),
            box,
            outline,
            image));
  }

  private Box box() throws Unusual {
    double[] values = numbers(4);
    return new Box(values[0], values[1], values[2], values[3]);
  }

  private Rle runs() throws Unusual {
    double[] size = {-1, -1};
    byte[] counts = {};
    take('{');
    do {
      switch (name()) {
        case "size" -> size = numbers(2);
        case "counts" -> counts = text();
        default -> throw new Unusual();
      }
    } while (another('}'));
    int height = (int) size[0];
    int width = (int) size[1];
    if (height != size[0] || width != size[1] || counts.length == 0) {
      throw new Unusual();
    }
    return Rle.parseAscii(width, height, counts);
  }

  private double[] numbers(int count) throws Unusual {
    double[] values = new double[count];
    take('[');
    for (int i = 0; i < count; i++) {
      values[i] = Double.parseDouble(number());
      take(i + 1 < count ? ',' : ']');
    }
    return values;
  }

  private String name() throws Unusual {
    String name = new String(text(), StandardCharsets.ISO_8859_1);
    take(':');
    return name;
  }

  /** A number by JSON's grammar. */
  private String number() throws Unusual {
    int from = next() == '-' ? at + 1 : at;
    int start = at;
    at = from;
    digits();
    if (text[from] == '0' && at > from + 1) {
      throw new Unusual();
    }
    if (current() == '.') {
      at++;
      digits();
    }
    if (current() == 'e' || current() == 'E') {
      at++;
      at += current() == '+' || current() == '-' ? 1 : 0;
      digits();
    }
    return new String(text, start, at - start, StandardCharsets.ISO_8859_1);
  }

  private void digits() throws Unusual {
    int from = at;
    while (current() >= '0' && current() <= '9') {
      at++;
    }
    if (at == from) {
      throw new Unusual();
    }
  }

  /** Text in which nothing is escaped but backslashes, which run lengths have. */
  private byte[] text() throws Unusual {
    take('"');
    int from = at;
    int to = from;
    int escapes = 0;
    while (to < end && text[to] != '"') {
      if (text[to] == '\\') {
        to++;
        escapes++;
        if (to == end || text[to] != '\\') {
          throw new Unusual();
        }
      } else if (text[to] < ' ') {
        throw new Unusual(); // not ASCII, or nothing that JSON allows
      }
      to++;
    }
    at = to;
    take('"');
    byte[] found = Arrays.copyOfRange(text, from, to - escapes);
    for (int i = 0; escapes > 0 && i < found.length; i++) {
      found[i] = text[from];
      from += text[from] == '\\' ? 2 : 1;
    }
    return found;
  }

  /** Whether a comma follows, and not the end. */
  private boolean another(char close) throws Unusual {
    boolean more = next() == ',';
    take(more ? ',' : close);
    return more;
  }

  private void take(char expected) throws Unusual {
    if (next() != expected) {
      throw new Unusual();
    }
    at++;
  }

  /** The next byte that is no space, 0 at the end. */
  private int next() {
    while (current() == ' ' || current() == '\n' || current() == '\r' || current() == '\t') {
      at++;
    }
    return current();
  }

  /** The byte at hand, 0 at the end. */
  private int current() {
    return at < end ? text[at] : 0;
  }
}
