package org.zeroseg.spark;

import ai.djl.ndarray.NDManager;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.ClipConfig;
import org.zeroseg.clip.ClipModel;
import org.zeroseg.clip.MaskClip;
import org.zeroseg.clip.text.ClipTokenizer;
import org.zeroseg.clip.text.PromptTemplates;
import org.zeroseg.core.Segmenter;
import org.zeroseg.core.image.Filter;
import org.zeroseg.core.image.Normalization;
import org.zeroseg.core.tensor.TorchEngine;
import org.zeroseg.core.tensor.Weights;

/** Models that executors can load: the repository's small CLIP, and one of full size. */
final class DemoModels {

  static final String CLIP =
      Path.of(System.getProperty("zeroseg.root"))
          .resolve("demo/src/main/resources/org/zeroseg/demo/clip-resnet")
          .toString();

  private DemoModels() {}

  static Segmenter maskClip(String demo) throws IOException {
    return MaskClip.builder()
        .model(Path.of(demo))
        .templates(PromptTemplates.of("a {}"))
        .normalization(Normalization.CLIP)
        .filter(Filter.BICUBIC)
        .inputWithin(64, 1024)
        .batch(1)
        .build();
  }

  /** A ViT-B/16 of random weights, the same everywhere, with a small text tower. */
  static Clip fullSize() {
    ClipTokenizer tokenizer = ClipTokenizer.learn(List.of("a photo of a cat"), 8, 77);
    ClipConfig config =
        new ClipConfig(
            new ClipConfig.Vit(768, 12, 16, 14),
            new ClipConfig.Text(64, 1, 77, tokenizer.vocabularySize()),
            512);
    NDManager manager = TorchEngine.newManager();
    return Clip.of(
        ClipModel.of(
            config,
            Weights.of(config.initialWeights(new SplittableRandom(5), manager), "random weights"),
            manager),
        tokenizer,
        manager);
  }
}
