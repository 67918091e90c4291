package org.zeroseg.spark;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.zeroseg.clip.retrieval.ImageEncoder;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.supervision.SaliencyDetector;

/** A model of a few lines: mean colours as embeddings, what is blue as salient. */
final class Colours implements ImageEncoder, SaliencyDetector {

  /** Loaded by this process. */
  static final AtomicInteger LOADED = new AtomicInteger();

  Colours() {
    LOADED.incrementAndGet();
  }

  @Override
  public String model() {
    return "colours";
  }

  @Override
  public int dimension() {
    return 12;
  }

  @Override
  public Picture prepare(Picture picture) {
    if (picture.width() > 20 * picture.height()) {
      throw new IllegalArgumentException("too long");
    }
    return picture.rgb();
  }

  @Override
  public float[][] embed(List<Picture> prepared) {
    return prepared.stream().map(this::means).toArray(float[][]::new);
  }

  /** Of the quarters. */
  private float[] means(Picture picture) {
    float[] sums = new float[dimension()];
    byte[] samples = picture.samples();
    for (int i = 0; i < samples.length; i++) {
      sums[i * 4 / samples.length * 3 + i % 3] += samples[i] & 0xff;
    }
    return sums;
  }

  @Override
  public List<Salient> detect(List<Picture> pictures) {
    return pictures.stream().map(this::prepare).map(Colours::blue).toList();
  }

  private static Salient blue(Picture picture) {
    Mask blue =
        Mask.of(
            picture.width(),
            picture.height(),
            (x, y) -> picture.sample(x, y, 2) > 2 * picture.sample(x, y, 0));
    return new Salient(blue, blue.area() / (double) (picture.width() * picture.height()));
  }

  @Override
  public void close() {
    // holds nothing
  }
}
