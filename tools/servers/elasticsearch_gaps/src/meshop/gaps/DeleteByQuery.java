package meshop.gaps;

import java.util.List;
import org.elasticsearch.action.ActionListener;
import org.elasticsearch.action.bulk.BulkRequest;
import org.elasticsearch.action.bulk.BulkResponse;
import org.elasticsearch.action.delete.DeleteRequest;
import org.elasticsearch.action.search.SearchRequest;
import org.elasticsearch.action.search.SearchResponse;
import org.elasticsearch.action.support.ActionFilters;
import org.elasticsearch.action.support.HandledTransportAction;
import org.elasticsearch.action.support.WriteRequest.RefreshPolicy;
import org.elasticsearch.client.internal.Client;
import org.elasticsearch.common.util.concurrent.EsExecutors;
import org.elasticsearch.core.TimeValue;
import org.elasticsearch.index.reindex.BulkByScrollResponse;
import org.elasticsearch.index.reindex.BulkByScrollTask;
import org.elasticsearch.index.reindex.DeleteByQueryAction;
import org.elasticsearch.index.reindex.DeleteByQueryRequest;
import org.elasticsearch.injection.guice.Inject;
import org.elasticsearch.search.SearchHit;
import org.elasticsearch.search.builder.SearchSourceBuilder;
import org.elasticsearch.tasks.Task;
import org.elasticsearch.transport.TransportService;

/** Lets the synonyms API empty a set before it writes a new one: at most 10,000 rules, as that API allows. */
public final class DeleteByQuery extends HandledTransportAction<DeleteByQueryRequest, BulkByScrollResponse> {
    private static final int MOST = 10_000;
    private final Client client;

    @Inject
    public DeleteByQuery(ActionFilters filters, Client client, TransportService transport) {
        super(DeleteByQueryAction.NAME, transport, filters, DeleteByQueryRequest::new, EsExecutors.DIRECT_EXECUTOR_SERVICE);
        this.client = client;
    }

    @Override
    protected void doExecute(Task task, DeleteByQueryRequest request, ActionListener<BulkByScrollResponse> listener) {
        SearchSourceBuilder found = new SearchSourceBuilder().query(request.getSearchRequest().source().query());
        SearchRequest search = new SearchRequest(request.indices()).source(found.size(MOST).fetchSource(false));
        search.indicesOptions(request.indicesOptions());
        client.search(search, listener.delegateFailureAndWrap((next, answer) -> delete(answer, next)));
    }

    private void delete(SearchResponse answer, ActionListener<BulkByScrollResponse> listener) {
        BulkRequest bulk = new BulkRequest().setRefreshPolicy(RefreshPolicy.IMMEDIATE);
        for (SearchHit hit : answer.getHits().getHits()) {
            bulk.add(new DeleteRequest(hit.getIndex(), hit.getId()));
        }
        if (bulk.numberOfActions() == 0) {
            listener.onResponse(done(0));
        } else {
            client.bulk(bulk, listener.delegateFailureAndWrap((next, written) -> next.onResponse(checked(written))));
        }
    }

    private static BulkByScrollResponse checked(BulkResponse written) {
        if (written.hasFailures()) {
            throw new IllegalStateException(written.buildFailureMessage());
        }
        return done(written.getItems().length);
    }

    private static BulkByScrollResponse done(int deleted) {
        BulkByScrollTask.Status status = new BulkByScrollTask.Status(
                null, deleted, 0, 0, deleted, 1, 0, 0, 0, 0, TimeValue.ZERO, Float.POSITIVE_INFINITY, null, TimeValue.ZERO);
        return new BulkByScrollResponse(TimeValue.ZERO, status, List.of(), List.of(), false);
    }
}
