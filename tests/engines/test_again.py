"""What the gateway's and the desk's tests ask of SQLite and one gateway holds on PostgreSQL and Redis for two, too."""

from tests.gateway.test_events import (  # noqa: F401
    talked,
    test_a_changed_state_is_told_with_an_id,
    test_a_listener_who_keeps_falling_off_hears_all_once,
    test_it_goes_on_after_the_last_one_seen,
    test_the_carers_own_line_comes_before_the_reply_is_there,
    test_the_stream_of_a_deleted_conversation_ends,
)
from tests.gateway.test_store import (  # noqa: F401
    test_a_gateway_killed_in_the_middle_of_a_turn_answers_it_once,
    test_a_message_to_a_deleted_conversation_is_not_kept,
    test_a_reply_is_committed_once,
    test_an_error_of_the_database_names_no_words_of_a_carer,
    test_danger_kept_before_a_crash_is_answered_at_the_start_without_rasa,
    test_danger_moves_a_waiting_conversation_up_and_nothing_moves_it_down,
    test_delete_while_a_message_is_under_way_leaves_nothing,
    test_the_migrations_make_exactly_the_tables_in_the_code,
    test_use_extends_the_time_and_other_channels_have_their_own,
    test_what_waited_is_answered_after_a_restart_once,
)
from tests.gateway.test_turns import (  # noqa: F401
    slow_look,
    test_danger_is_answered_while_an_earlier_message_is_stuck,
    test_danger_is_answered_while_rasa_has_an_earlier_message,
    test_danger_knows_the_council_named_before,
    test_danger_twice_with_one_id_is_one_reply,
    test_messages_sent_at_once_are_answered_in_order_one_at_a_time,
    test_one_id_in_two_conversations_is_two_messages,
    test_rasa_is_sent_the_committed_state_and_the_clock,
    test_the_same_message_twenty_times_at_once_is_one_message,
    test_the_same_message_twice_is_one_message,
    test_what_was_told_with_danger_goes_to_rasa_with_the_next_turn_alone,
    test_while_rasa_is_away_the_message_is_kept_and_answered_later,
)
from tests.gateway.test_web_api import (  # noqa: F401
    test_a_fact_is_put_right,
    test_an_opinion_is_kept_with_its_message,
    test_an_option_is_taken_only_where_it_was_offered,
    test_health_and_readiness,
    test_too_many_messages_wait_but_danger_never_does,
)
from tests.helpline.test_handing_over import (  # noqa: F401
    test_a_carer_and_an_adviser_talk_and_the_assistant_takes_over_again,
    test_a_carer_who_leaves_while_she_is_claimed_is_gone,
    test_a_carer_whom_nobody_answers_goes_back_into_the_queue,
    test_a_message_to_a_phone_survives_a_gateway_that_is_gone,
    test_an_adviser_whose_page_is_gone_loses_the_conversation_to_the_queue,
    test_an_advisers_message_sent_twice_is_said_once,
    test_handing_over_to_a_colleague_and_back_into_the_queue,
    test_only_one_of_many_gets_a_conversation,
    test_signs_of_typing_go_when_the_message_comes,
    test_stepping_in_where_nobody_asked,
    test_the_assistant_keeps_silent_when_somebody_takes_over_in_the_middle,
    test_the_carer_goes_back_to_the_assistant,
    test_the_same_by_text_message,
)
from tests.helpline.test_service import (  # noqa: F401
    test_a_channel_that_is_off_says_so_in_every_gateway_and_danger_is_answered_as_ever,
)
from tests.helpline.test_shut import (  # noqa: F401
    test_a_call_back_with_a_question_a_correction_and_danger_in_between,
    test_word_by_text_when_somebody_is_back,
)
