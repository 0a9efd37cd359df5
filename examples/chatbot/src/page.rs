//! The mapping from the graph's types to those of the chat page.

use crate::graph::{Chatbot, ChatbotInputs};
use burdock_serve::{ChatGraph, ChatMessage, ChatUpdate};
use chat::state::{Chat, Delta};

impl ChatGraph for Chatbot {
    fn inputs(prompt: String) -> ChatbotInputs {
        ChatbotInputs { prompt }
    }

    fn prompt(inputs: &ChatbotInputs) -> Option<&str> {
        Some(&inputs.prompt)
    }

    fn history(chat: &Chat) -> Vec<ChatMessage> {
        ChatMessage::of_history(&chat.history)
    }

    fn update(item: &Delta) -> Option<ChatUpdate> {
        Some(ChatUpdate::text(&*item.text))
    }
}

#[cfg(test)]
mod tests {
    use super::{Chat, ChatGraph, Chatbot};
    use burdock_llm::Message;
    use burdock_serve::ChatRole;

    #[test]
    fn the_page_shows_user_and_assistant_messages_only() {
        let mut chat = Chat::default();
        for message in
            [Message::system("Be brief."), Message::user("hi"), Message::assistant("hello")]
        {
            chat.history.push_back(message);
        }
        let shown = Chatbot::history(&chat);
        let roles: Vec<ChatRole> = shown.iter().map(|message| message.role).collect();
        assert_eq!(roles, [ChatRole::User, ChatRole::Assistant]);
        assert_eq!(shown[1].text, "hello");
    }
}
