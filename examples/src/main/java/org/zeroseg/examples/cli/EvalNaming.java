package org.zeroseg.examples.cli;

import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.zeroseg.clip.Clip;
import org.zeroseg.core.hub.ModelHub;
import org.zeroseg.eval.data.SemanticDataset;
import org.zeroseg.eval.naming.NamingEvaluator;
import org.zeroseg.eval.naming.SentenceBert;
import org.zeroseg.eval.naming.TextEmbedder;
import org.zeroseg.eval.report.Report;
import org.zeroseg.eval.run.Evaluation;
import org.zeroseg.eval.run.SegmentNamer;
import org.zeroseg.examples.demo.GuidedSegments;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Segments that are found and named without a list of words. */
@Command(
    name = "naming",
    description = "Evaluates segments that are found and named without a list of words.",
    mixinStandardHelpOptions = true)
final class EvalNaming implements Callable<Integer> {

  private static final String SENTENCES = "sentence-transformers/all-mpnet-base-v2";

  @Mixin private LabelledSet labelled;

  @Mixin private GuideModel guides;

  @Option(
      names = "--sentences",
      paramLabel = "ID|PATH",
      description =
          "The Sentence-BERT that compares names; CLIP's own words with the demo. Default: "
              + SENTENCES)
  private Optional<String> sentences;

  @Mixin private ReportFiles files;

  @Override
  public Integer call() throws IOException {
    return files.of(null, this::evaluate);
  }

  private Report evaluate(Evaluation evaluation, ConsoleProgress progress) throws IOException {
    SemanticDataset set = labelled.open();
    try (Clip clip = guides.clip(progress);
        GuideModel.Guide guide = guides.guide(clip, progress)) {
      TextEmbedder prompts = words -> guides.texts(clip).classifier(words, guide.prompt());
      SegmentNamer namer = new GuidedSegments(guide.zeroGuide());
      if (guide.namer().isEmpty()) {
        return evaluation.naming(set, namer, NamingEvaluator.of(set, prompts, Optional.empty()));
      }
      if (guides.isDemo() && sentences.isEmpty()) {
        return evaluation.naming(
            set, namer, NamingEvaluator.of(set, prompts, Optional.of(prompts)));
      }
      ModelHub hub = ModelHub.fromEnvironment().withProgress(progress);
      try (SentenceBert bert = SentenceBert.load(sentences.orElse(SENTENCES), hub)) {
        return evaluation.naming(set, namer, NamingEvaluator.of(set, prompts, Optional.of(bert)));
      }
    }
  }
}
