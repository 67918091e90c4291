package org.zeroseg.zeroguide;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import java.util.List;
import java.util.OptionalInt;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.ClipConfig;
import org.zeroseg.clip.ClipModel;
import org.zeroseg.clip.text.ByteLevelTokenizer;
import org.zeroseg.clip.text.ClipTokenizer;
import org.zeroseg.core.Precision;
import org.zeroseg.core.golden.PortableWeights;
import org.zeroseg.core.tensor.Weights;
import org.zeroseg.dino.Dino;
import org.zeroseg.dino.DinoConfig;
import org.zeroseg.zeroguide.caption.ZeroCap;
import org.zeroseg.zeroguide.caption.ZeroCapSettings;
import org.zeroseg.zeroguide.gpt2.Gpt2;
import org.zeroseg.zeroguide.gpt2.Gpt2Config;

/** Small networks of portable weights with vocabularies of bytes and a few merges. */
final class TinyModels {

  private static final List<String> CORPUS =
      List.of("Image of a red cat.", "Image of a blue dog.", "Image of a green tree.");

  private TinyModels() {}

  static Dino dino() {
    DinoConfig config = new DinoConfig(8, 64, 2, 1, 7);
    return Dino.of(new PortableWeights(config.shapes(), "tiny"), Device.cpu());
  }

  static Clip clip() {
    ClipTokenizer tokenizer = ClipTokenizer.learn(CORPUS, 40, 77);
    ClipConfig config =
        new ClipConfig(
            new ClipConfig.Vit(64, 5, 8, 4),
            new ClipConfig.Text(64, 2, 77, tokenizer.vocabularySize()),
            32);
    NDManager manager = NDManager.newBaseManager();
    Weights weights =
        Weights.load(new PortableWeights(config.shapes(), "tiny"), config.shapes(), manager);
    return Clip.of(ClipModel.of(config, weights, manager), tokenizer, manager);
  }

  static ZeroCap zeroCap(Clip clip, ZeroCapSettings settings) {
    ByteLevelTokenizer tokenizer = ByteLevelTokenizer.learn(CORPUS, 40);
    Gpt2Config config = new Gpt2Config(2, 32, 2, tokenizer.vocabularySize(), 32, 1e-5);
    NDManager manager = NDManager.newBaseManager();
    Gpt2 model =
        Gpt2.load(
            new PortableWeights(config.shapes(), "tiny"),
            OptionalInt.of(2),
            Precision.FLOAT32,
            manager);
    return ZeroCap.of(model, tokenizer, clip, settings, ZeroCap.PROMPT, manager);
  }
}
