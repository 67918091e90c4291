package org.zeroseg.eval.run;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntUnaryOperator;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.supervision.InvalidDataException;
import org.zeroseg.core.supervision.LabelMap;
import org.zeroseg.eval.data.SemanticDataset;
import org.zeroseg.eval.report.Report.Example;

/** The worst and best pictures of a set, painted for a report. */
final class Examples {

  private Examples() {}

  /** By the categories of the set; background, ignored pixels and strange labels are unpainted. */
  static List<Example> of(Extremes<LabelMap> extremes, SemanticDataset dataset) throws IOException {
    List<String> names = dataset.vocabulary().names();
    int shift = dataset.hasBackground() ? 0 : 1;
    IntUnaryOperator paint =
        label -> label + shift >= 0 && label + shift <= names.size() ? label + shift : 0;
    return of(extremes, dataset, names, paint);
  }

  /**
   * By some names.
   *
   * @param paint from label to the number of a name, from 1; 0 is left unpainted
   */
  static List<Example> of(
      Extremes<LabelMap> extremes,
      SemanticDataset dataset,
      List<String> names,
      IntUnaryOperator paint)
      throws IOException {
    List<Example> examples = new ArrayList<>();
    for (Extremes.Scored<LabelMap> scored : extremes.all()) {
      SemanticDataset.Item item = dataset.find(scored.name()).orElseThrow();
      LabelMap truth = item.truth();
      Picture picture = picture(item.image(), truth.width(), truth.height());
      examples.add(
          new Example(
              scored.name(),
              scored.score(),
              overlay(picture, names, scored.value().map(paint)),
              overlay(picture, names, truth.map(paint))));
    }
    return examples;
  }

  /** A picture that must be of its truth's size. */
  static Picture picture(Path file, int width, int height) throws IOException {
    Picture picture = Picture.readAsStored(file);
    if (picture.width() != width || picture.height() != height) {
      throw new InvalidDataException(
          file,
          "the picture is %d x %d, its truth %d x %d"
              .formatted(picture.width(), picture.height(), width, height));
    }
    return picture;
  }

  private static byte[] overlay(Picture picture, List<String> names, LabelMap labels) {
    return overlay(
        picture,
        Segmentation.ofLabels(
            labels.width(), labels.height(), names, labels.labels(), new double[names.size()]));
  }

  /** A PNG. */
  static byte[] overlay(Picture picture, Segmentation segmentation) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      segmentation.overlay(picture).toImage().save(bytes, "png");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }
}
