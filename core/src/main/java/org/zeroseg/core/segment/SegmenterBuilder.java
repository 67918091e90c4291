package org.zeroseg.core.segment;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Options that the builders of all segmenters share: the model, the input size, tiles, and the
 * batch size.
 *
 * @param <B> the builder itself
 */
public abstract class SegmenterBuilder<B extends SegmenterBuilder<B>> extends InputBuilder<B> {

  private Source<String> model = Source.missing("choose a model: builder().model(...)");
  private Optional<Tiles> tiles = Optional.empty();

  /**
   * With a method's defaults.
   *
   * @param input how large the network sees pictures
   * @param batch pictures that go through the network at once
   */
  protected SegmenterBuilder(InputSize input, int batch) {
    super(input, batch);
  }

  /**
   * The model's file or folder.
   *
   * @param path a checkpoint, or a folder with one under the hub's usual names
   * @return this
   */
  public B model(Path path) {
    model = named(path);
    return self();
  }

  /**
   * The model's path, or its id on the Hugging Face hub.
   *
   * @param pathOrId such as {@code openai/clip-vit-base-patch16}
   * @return this
   */
  public B model(String pathOrId) {
    model = named(pathOrId);
    return self();
  }

  /**
   * Looks at large pictures in overlapping tiles, each of which the network sees as a picture of
   * its own, so that detail is kept, and memory small, whatever a picture's size. Scores are
   * averaged where tiles overlap, those near a tile's edge counting least, and objects that several
   * tiles show are found once. A picture that fits into a tile is looked at as without them.
   *
   * @param side of a tile in pixels of the picture; objects should fit into one
   * @param overlap of neighbours in pixels; an eighth of the side is a good start
   * @return this
   * @throws IllegalArgumentException unless the overlap is at least 0 and at most half the side
   */
  public B tiles(int side, int overlap) {
    tiles = Optional.of(Tiles.overlapping(side, overlap));
    return self();
  }

  /**
   * The model in force.
   *
   * @return a path or an id
   * @throws IOException if a path was chosen where nothing is
   * @throws IllegalStateException if none was chosen
   */
  protected String model() throws IOException {
    return model.open();
  }

  /**
   * The tiles in force.
   *
   * @return none unless chosen
   */
  protected Optional<Tiles> tiles() {
    return tiles;
  }
}
