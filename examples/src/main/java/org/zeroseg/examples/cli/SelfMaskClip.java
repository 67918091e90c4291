package org.zeroseg.examples.cli;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.text.PromptTemplates;
import org.zeroseg.clip.text.TextEmbeddings;
import org.zeroseg.core.Progress;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.Segmenter;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.cluster.Vectors;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.Window;
import org.zeroseg.core.mask.Box;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.refine.BilateralSolver;
import org.zeroseg.core.supervision.SaliencyDetector;
import org.zeroseg.dino.SelfMask;

/**
 * SelfMask finds an object, and CLIP says which of the words its box shows: what NamedMask's
 * components are compared with (Shin et al. 2023, Table 3).
 *
 * @param detector finds the object
 * @param clip sees its box
 * @param texts of the CLIP
 * @param templates the sentences around words
 */
record SelfMaskClip(
    SaliencyDetector detector, Clip clip, TextEmbeddings texts, PromptTemplates templates)
    implements Segmenter {

  static SelfMaskClip open(String selfMask, String model, Progress progress) throws IOException {
    Optional<Demo> demo = Demo.of(selfMask);
    SaliencyDetector detector =
        demo.isPresent()
            ? demo.get().selfMask(true, UnaryOperator.identity())
            : SelfMask.builder().model(selfMask).refinedBy(BilateralSolver.DEFAULT).build();
    try {
      Clip clip = Models.clip(model, progress);
      return new SelfMaskClip(detector, clip, Models.texts(model, clip), Models.templates(model));
    } catch (IOException | RuntimeException e) {
      detector.close();
      throw e;
    }
  }

  @Override
  public List<Segmentation> segment(List<Picture> pictures, Vocabulary vocabulary) {
    float[][] words = texts.classifier(vocabulary, templates, Progress.SILENT);
    return pictures.stream().map(picture -> segment(picture, vocabulary, words)).toList();
  }

  private Segmentation segment(Picture picture, Vocabulary vocabulary, float[][] words) {
    Mask mask = detector.detect(picture).mask();
    int[] labels = new int[picture.width() * picture.height()];
    if (!mask.isEmpty()) {
      Box box = mask.box();
      Window window =
          new Window((int) box.x(), (int) box.y(), (int) box.width(), (int) box.height());
      int label = 1 + best(clip.encodeImages(List.of(picture.rgb().crop(window)))[0], words);
      mask.forEach((x, y) -> labels[y * picture.width() + x] = label);
    }
    double[] scores = new double[words.length];
    Arrays.fill(scores, 1);
    return Segmentation.ofLabels(
        picture.width(), picture.height(), vocabulary.names(), labels, scores);
  }

  private static int best(float[] seen, float[][] words) {
    int best = 0;
    double most = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < words.length; i++) {
      double score = Vectors.dot(seen, words[i]);
      if (score > most) {
        most = score;
        best = i;
      }
    }
    return best;
  }

  @Override
  public void close() {
    detector.close();
    clip.close();
  }
}
