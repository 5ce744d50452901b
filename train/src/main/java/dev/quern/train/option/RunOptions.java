package dev.quern.train.option;

import dev.quern.train.data.Split;
import dev.quern.train.message.BadInputException;
import dev.quern.train.model.ModelKind;
import dev.quern.train.run.DataConfig;
import dev.quern.train.run.OptimizerConfig;
import dev.quern.train.run.RunConfig;
import dev.quern.train.trainer.ModelKinds;
import java.lang.reflect.Field;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParseResult;

/** The options that say what a run computes. */
public final class RunOptions {

  @Mixin private DataOptions data;

  @Setting(value = "data.groupBy", ofFolders = true)
  @Option(
      names = "--group-by",
      paramLabel = "REGEX",
      description = {
        "What of a sample's name is its group (a patient, a slide), which is never divided:",
        "an expression such as '^(patient[0-9]+)', or folder for its sub-folder."
      })
  private @Nullable String groupBy;

  @Mixin private ValidationOptions validation;

  @Setting("data.valFraction")
  @Option(
      names = "--val-fraction",
      paramLabel = "F",
      defaultValue = "0.2",
      description = "Share held back for validation otherwise (default: ${DEFAULT-VALUE}).")
  private double valFraction;

  @Setting(value = "data.fold", ofFolders = true)
  @Option(
      names = "--fold",
      paramLabel = "K/N",
      description = "Or: validate on the K-th of N equal parts and train on the others.")
  private @Nullable String fold;

  @Mixin private TestOptions test;

  @Setting(value = "data.testFraction", ofFolders = true)
  @Option(
      names = "--test-fraction",
      paramLabel = "F",
      defaultValue = "0",
      description = "Share held back for the test otherwise (default: ${DEFAULT-VALUE}, none).")
  private double testFraction;

  @Setting("data.synthetic")
  @Option(
      names = "--synthetic",
      paramLabel = "N",
      defaultValue = "128",
      description = "Synthetic training images when no folder is given (${DEFAULT-VALUE}).")
  private int synthetic;

  @Mixin private ModelOptions model;

  @Mixin private OptimizationOptions optimization;

  @Mixin private ScheduleOptions schedule;

  @Setting("seed")
  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "0",
      description = "Of everything drawn: the same seed gives the same bits (${DEFAULT-VALUE}).")
  private long seed;

  /** For picocli. */
  @SuppressWarnings("NullAway.Init")
  public RunOptions() {}

  /**
   * Checks the options of a new run.
   *
   * @param given which options were given
   * @param backend as given; null for the automatic choice
   * @return the settings
   * @throws BadInputException when options do not go together, or one is outside its range
   */
  public RunConfig config(ParseResult given, @Nullable String backend) {
    return config(
        given,
        backend,
        data.checkedPlace(),
        validation.place().checked(data.layout, data.maskSuffix),
        test.place().checked(data.layout, data.maskSuffix));
  }

  /** Checks the options of a run whose places are known. */
  RunConfig config(
      ParseResult given,
      @Nullable String backend,
      DataConfig.Place trainPlace,
      DataConfig.Place validationPlace,
      DataConfig.Place testPlace) {
    ModelKind _ = ModelKinds.of(model.model());
    if (validationPlace.isGiven() && !trainPlace.isGiven()) {
      throw new BadInputException("--val-images needs --images and --masks to train on.");
    }
    if (testPlace.isGiven() && !trainPlace.isGiven()) {
      throw new BadInputException("--test-images needs --images and --masks to train on.");
    }
    for (OptionSpec option : given.commandSpec().options()) {
      Setting setting = setting(option);
      if (!trainPlace.isGiven()
          && setting != null
          && setting.ofFolders()
          && given.hasMatchedOption(option)) {
        throw new BadInputException(
            "%s needs --images or --pairs: synthetic images have their own masks and validation part."
                .formatted(option.longestName()));
      }
    }
    int epochs = model.epochs(trainPlace.isGiven());
    int batchSize = model.batchSize(trainPlace.isGiven());
    int pixels = model.pixels();
    ModelOptions.atLeastOne("--synthetic", synthetic);
    OptimizerConfig optimizer = optimization.optimizer(model.learningRate());
    DataConfig dataConfig =
        new DataConfig(
            trainPlace,
            validationPlace,
            testPlace,
            data.reading(groupBy),
            division(validationPlace, testPlace, given),
            synthetic,
            data.skipBad(),
            null);
    return new RunConfig(
        model.model(),
        backend,
        dataConfig,
        epochs,
        batchSize,
        pixels,
        model.network(),
        optimization.loss(),
        optimizer,
        schedule.scheduler(epochs, optimizer.lr()),
        seed);
  }

  private Split.Rule division(
      DataConfig.Place validationPlace, DataConfig.Place testPlace, ParseResult given) {
    if (!(valFraction > 0 && valFraction < 1)) {
      throw new BadInputException(
          "--val-fraction is %s; give a number between 0 and 1, such as 0.2."
              .formatted(valFraction));
    }
    if (!(testFraction >= 0 && testFraction < 1)) {
      throw new BadInputException(
          "--test-fraction is %s; give a number from 0 to 1, such as 0.2.".formatted(testFraction));
    }
    if (testPlace.isGiven() && testFraction > 0) {
      throw new BadInputException(
          "--test-fraction and --test-images both say what the test is; give one.");
    }
    if (fold != null && validationPlace.isGiven()) {
      throw new BadInputException("--fold and --val-images both say what validates; give one.");
    }
    if (fold != null && given.hasMatchedOption("--val-fraction")) {
      throw new BadInputException("--fold and --val-fraction both say what validates; give one.");
    }
    if (testFraction > 0 && validationPlace.isGiven()) {
      throw new BadInputException(
          "--test-fraction needs a validation part of the same images; give --test-images beside --val-images.");
    }
    if (fold == null && valFraction + testFraction >= 1) {
      throw new BadInputException(
          "--val-fraction %s and --test-fraction %s leave nothing to train on; lower them."
              .formatted(valFraction, testFraction));
    }
    Matcher matcher = Pattern.compile("(\\d{1,6})/(\\d{1,6})").matcher(fold == null ? "0/0" : fold);
    if (!matcher.matches()) {
      throw new BadInputException("--fold '%s' is no part; give one such as 2/5.".formatted(fold));
    }
    int part = Integer.parseInt(matcher.group(1));
    int parts = Integer.parseInt(matcher.group(2));
    if (fold != null && (parts < 2 || part < 1 || part > parts)) {
      throw new BadInputException(
          "--fold is %s; give K/N with N at least 2 and K from 1 to N.".formatted(fold));
    }
    return new Split.Rule(valFraction, testFraction, part, parts);
  }

  /** The setting that an option is; null of one that says nothing of the result. */
  static @Nullable Setting setting(OptionSpec option) {
    return option.userObject() instanceof Field field ? field.getAnnotation(Setting.class) : null;
  }

  /**
   * Checks the options of a run that goes on: its images may have been moved, and it may have other
   * epochs; every other setting stays, and one that is given again must say the same.
   *
   * @param saved the settings of the run
   * @param given which options were given
   * @return the settings to go on with
   * @throws BadInputException when an option changes what may not change
   */
  public RunConfig resumed(RunConfig saved, ParseResult given) {
    RunConfig config =
        saved.withData(
            MovedPlaces.moved(saved.data(), data.place(), validation.place(), test.place()));
    model.requireNoWeights();
    Integer epochs = model.givenEpochs();
    if (epochs != null) {
      config = config.withEpochs(epochs);
    }
    SameSettings.require(saved, given);
    return config;
  }
}
