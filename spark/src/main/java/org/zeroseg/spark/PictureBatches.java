package org.zeroseg.spark;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Queue;
import org.apache.spark.sql.Row;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.PictureSource;
import org.zeroseg.core.image.PixelFormat;

/**
 * Runs a model on batches of pictures as they are asked for. A picture that cannot be read, or that
 * the model refuses, becomes a row with a reason; other failures, and the refusal of a plain
 * picture as well, are the task's.
 *
 * @param <R> what the model makes of a picture
 */
final class PictureBatches<R> implements Iterator<Row> {

  /** Of a plain picture that no model minds. */
  private static final int SIDE = 64;

  /** Makes results of pictures. */
  @FunctionalInterface
  interface Model<R> {
    List<R> run(List<Picture> pictures);
  }

  /** Makes rows of results. */
  interface Rows<R> {
    Row of(String name, R result);

    Row broken(String name, String reason);
  }

  private final Iterator<PictureSource> sources;
  private final int batchSize;
  private final Model<R> model;
  private final Rows<R> rows;
  private final Queue<Row> ready = new ArrayDeque<>();
  private boolean worksOnAnother;

  PictureBatches(Iterator<PictureSource> sources, int batchSize, Model<R> model, Rows<R> rows) {
    if (batchSize < 1) {
      throw new IllegalArgumentException("batches of " + batchSize + " pictures");
    }
    this.sources = sources;
    this.batchSize = batchSize;
    this.model = model;
    this.rows = rows;
  }

  @Override
  public boolean hasNext() {
    while (ready.isEmpty() && sources.hasNext()) {
      fill();
    }
    return !ready.isEmpty();
  }

  @Override
  public Row next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    return ready.remove();
  }

  private void fill() {
    List<String> names = new ArrayList<>();
    List<Picture> batch = new ArrayList<>();
    while (batch.size() < batchSize && sources.hasNext()) {
      PictureSource source = sources.next();
      try {
        batch.add(source.read());
        names.add(source.name());
      } catch (IOException e) {
        ready.add(rows.broken(source.name(), reason(e)));
      }
    }
    if (!batch.isEmpty()) {
      run(names, batch);
    }
  }

  private void run(List<String> names, List<Picture> batch) {
    List<R> results;
    try {
      results = model.run(batch);
    } catch (IllegalArgumentException e) {
      if (batch.size() == 1) {
        requireAnother(e);
        ready.add(rows.broken(names.get(0), reason(e)));
      } else {
        for (int i = 0; i < batch.size(); i++) {
          run(names.subList(i, i + 1), batch.subList(i, i + 1));
        }
      }
      return;
    }
    for (int i = 0; i < results.size(); i++) {
      ready.add(rows.of(names.get(i), results.get(i)));
    }
  }

  /** If the model refuses any picture, such as for its words, it is not this one's fault. */
  private void requireAnother(IllegalArgumentException refusal) {
    if (!worksOnAnother) {
      Picture plain = Picture.of(PixelFormat.RGB, SIDE, SIDE, new byte[3 * SIDE * SIDE]);
      try {
        worksOnAnother = model.run(List.of(plain)).size() == 1;
      } catch (IllegalArgumentException e) {
        refusal.addSuppressed(e);
        throw refusal;
      }
    }
  }

  static String reason(Exception e) {
    return e.getMessage() == null ? e.toString() : e.getMessage();
  }
}
