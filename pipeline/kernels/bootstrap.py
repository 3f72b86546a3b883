"""Resamples of scored reviews, and sums over them, from which every metric follows."""

from pipeline.kernels.compiled import kernel


@kernel("void(uint32[::1], int64[::1])")
def count_draws(drawn, counts):
    """Add 1 for each draw to the count of what was drawn.

    Parameters
    ----------
    drawn : uint32 array, shape (n_draws,)
        Numbers from 0, below n.
    counts : int64 array, shape (n,)
        Grows in place.
    """
    for i in range(len(drawn)):
        counts[drawn[i]] += 1


@kernel(
    "void(int64[:, ::1], int64[::1], uint8[::1], uint8[::1], uint8[::1], float64[::1],"
    " float64[::1], float64[:, ::1])"
)
def resample_sums(counts, order, y_true, y_pred, last_of_tie, losses, squares, sums):
    """Sum over the reviews of each resample, in one pass in descending order of scores.

    With w_i the number of times that review i was drawn, p_k and m_k the positive and negative
    reviews at the k-th distinct score, and P_k and N_k those down to it, the sums are

        P = sum_k p_k                      positives
        sum_i w_i [pred_i = 1]             predicted positives
        sum_i w_i [pred_i = true_i = 1]    true positives
        sum_k m_k (2 P_{k-1} + p_k)        twice the pairs in the right order, with ties as half
        sum_k p_k P_k / (P_k + N_k)        precision at each positive
        sum_i w_i loss_i                   log loss
        sum_i w_i square_i                 Brier score

    Parameters
    ----------
    counts : int64 array, shape (n_resamples, n)
        How often each review was drawn.
    order : int64 array, shape (n,)
        The reviews in descending order of their scores; the arrays below are in this order.
    y_true, y_pred : uint8 array, shape (n,)
        True label and prediction: 1 for positive.
    last_of_tie : uint8 array, shape (n,)
        1 if the next review has another score, or if there is none.
    losses, squares : float64 array, shape (n,)
        The terms of the log loss and of the Brier score.
    sums : float64 array, shape (n_resamples, 7)
        Receives the sums in the order above. The integer ones are exact below 2^53.
    """
    for r in range(counts.shape[0]):
        positives = seen = right = n_predicted = true_positives = 0
        tied = tied_positives = 0
        precision = loss = square = 0.0
        for i in range(counts.shape[1]):
            times = counts[r, order[i]]
            positive = times * y_true[i]
            tied += times
            tied_positives += positive
            n_predicted += times * y_pred[i]
            true_positives += positive * y_pred[i]
            loss += times * losses[i]
            square += times * squares[i]
            if last_of_tie[i]:
                right += (tied - tied_positives) * (2 * positives + tied_positives)
                positives += tied_positives
                seen += tied
                # Adds 0 if nothing is seen, without a branch that is hard to predict.
                precision += tied_positives * positives / max(seen, 1)
                tied = tied_positives = 0
        sums[r, 0] = positives
        sums[r, 1] = n_predicted
        sums[r, 2] = true_positives
        sums[r, 3] = right
        sums[r, 4] = precision
        sums[r, 5] = loss
        sums[r, 6] = square
