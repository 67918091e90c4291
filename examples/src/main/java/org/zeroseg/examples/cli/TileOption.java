package org.zeroseg.examples.cli;

import java.util.Optional;
import org.zeroseg.core.segment.SegmenterBuilder;
import org.zeroseg.zeroguide.ZeroGuideBuilder;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The option of commands that look at large pictures in tiles. */
final class TileOption {

  @Option(
      names = "--tiles",
      paramLabel = "SIDE[,OVERLAP]",
      converter = Converter.class,
      description =
          "Look at larger pictures in overlapping tiles of so many pixels a side, for detail and"
              + " little memory. Things should fit into one. Default overlap: an eighth of the"
              + " side.")
  private Optional<Squares> tiles;

  /** Numbers that go together. */
  private record Squares(int side, int overlap) {}

  /** Reads them. */
  static final class Converter implements ITypeConverter<Squares> {

    @Override
    public Squares convert(String value) {
      String[] numbers = value.split(",", -1);
      try {
        int side = Integer.parseInt(numbers[0].strip());
        int overlap = numbers.length < 2 ? side / 8 : Integer.parseInt(numbers[1].strip());
        if (numbers.length < 3 && side > 0 && overlap >= 0 && 2L * overlap <= side) {
          return new Squares(side, overlap);
        }
      } catch (NumberFormatException e) {
        throw new TypeConversionException(wrong(value));
      }
      throw new TypeConversionException(wrong(value));
    }

    private static String wrong(String value) {
      return "'%s' is no SIDE[,OVERLAP] in pixels with an overlap of at most half the side"
          .formatted(value);
    }
  }

  boolean isChosen() {
    return tiles.isPresent();
  }

  /** The builder, with tiles if they were asked for. */
  <B extends SegmenterBuilder<B>> B on(B builder) {
    return tiles.map(t -> builder.tiles(t.side(), t.overlap())).orElse(builder);
  }

  /** The builder, with tiles if they were asked for. */
  ZeroGuideBuilder on(ZeroGuideBuilder builder) {
    return tiles.map(t -> builder.tiles(t.side(), t.overlap())).orElse(builder);
  }
}
