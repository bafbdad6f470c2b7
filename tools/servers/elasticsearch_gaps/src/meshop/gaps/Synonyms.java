package meshop.gaps;

import java.io.StringReader;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.LowerCaseFilter;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.Tokenizer;
import org.apache.lucene.analysis.miscellaneous.ASCIIFoldingFilter;
import org.apache.lucene.analysis.standard.StandardTokenizer;
import org.apache.lucene.analysis.synonym.SolrSynonymParser;
import org.apache.lucene.analysis.synonym.SynonymGraphFilter;
import org.apache.lucene.analysis.synonym.SynonymMap;
import org.elasticsearch.action.support.PlainActionFuture;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.index.IndexService.IndexCreationContext;
import org.elasticsearch.index.analysis.AbstractTokenFilterFactory;
import org.elasticsearch.index.analysis.AnalysisMode;
import org.elasticsearch.index.analysis.CharFilterFactory;
import org.elasticsearch.index.analysis.TokenFilterFactory;
import org.elasticsearch.index.analysis.TokenizerFactory;
import org.elasticsearch.synonyms.PagedResult;
import org.elasticsearch.synonyms.SynonymRule;
import org.elasticsearch.synonyms.SynonymsManagementAPIService;

/**
 * The filter {@code synonym_graph}, with rules in the settings or in a synonym set of the synonyms API.
 *
 * <p>As in the full product, sets are read only when analyzers are (re)loaded: reading an index while another one is
 * being made would block the thread that makes it.
 */
final class Synonyms extends AbstractTokenFilterFactory {
    private static final int READ_TIMEOUT_S = 30;
    private final Settings settings;
    private final SynonymsManagementAPIService sets;
    private final String set;

    Synonyms(String name, Settings settings, SynonymsManagementAPIService sets) {
        super(name, settings);
        this.settings = settings;
        this.sets = sets;
        this.set = settings.get("synonyms_set");
    }

    @Override
    public TokenStream create(TokenStream in) {
        throw new IllegalStateException("create() of a filter that knows its chain");
    }

    @Override
    public AnalysisMode getAnalysisMode() {
        return settings.getAsBoolean("updateable", false) ? AnalysisMode.SEARCH_TIME : AnalysisMode.ALL;
    }

    @Override
    public TokenFilterFactory getChainAwareTokenFilterFactory(
            IndexCreationContext context,
            TokenizerFactory tokenizer,
            List<CharFilterFactory> charFilters,
            List<TokenFilterFactory> previous,
            java.util.function.Function<String, TokenFilterFactory> all) {
        SynonymMap map = parse(rules(context));
        Synonyms outer = this;
        return new AbstractTokenFilterFactory(name(), settings) {
            @Override
            public TokenStream create(TokenStream in) {
                return map.fst == null ? in : new SynonymGraphFilter(in, map, true);
            }

            @Override
            public AnalysisMode getAnalysisMode() {
                return outer.getAnalysisMode();
            }

            @Override
            public String getResourceName() {
                return set;
            }
        };
    }

    private String rules(IndexCreationContext context) {
        if (set == null) {
            return String.join("\n", settings.getAsList("synonyms"));
        }
        if (context != IndexCreationContext.RELOAD_ANALYZERS) {
            return "";
        }
        PlainActionFuture<PagedResult<SynonymRule>> answer = new PlainActionFuture<>();
        sets.getSynonymSetRules(set, answer);
        return Stream.of(answer.actionGet(READ_TIMEOUT_S, TimeUnit.SECONDS).pageResults())
                .map(SynonymRule::synonyms)
                .collect(Collectors.joining("\n"));
    }

    private SynonymMap parse(String rules) {
        try {
            SolrSynonymParser parser = new SolrSynonymParser(true, settings.getAsBoolean("expand", true), new Words());
            parser.parse(new StringReader(rules));
            return parser.build();
        } catch (Exception error) {
            throw new IllegalArgumentException("failed to build synonyms", error);
        }
    }

    /** What stands before the filter in our analyzers. */
    private static final class Words extends Analyzer {
        @Override
        protected TokenStreamComponents createComponents(String field) {
            Tokenizer words = new StandardTokenizer();
            return new TokenStreamComponents(words, new ASCIIFoldingFilter(new LowerCaseFilter(words)));
        }
    }
}
